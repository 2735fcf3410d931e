// Reads the official format: {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text",
// "answer_start"}], "is_impossible"}]}]}]}.
#pragma once

#include <string>

#include "retort/data/squad/squad_collector.h"

namespace retort::data {

// Reads the questions of `text`, a whole file, into the collector; `file_name` is for messages.
void read_squad_json(std::string text, const std::string& file_name, SquadCollector& collector);

}  // namespace retort::data
