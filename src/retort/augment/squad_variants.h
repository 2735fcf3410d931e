// Makes variants of SQuAD paragraphs: finds the words of the answers, lists the words to keep, and writes the new
// paragraph with the new offsets of its answers. All variants of a context have the same number of words, so an answer
// is found by its word indexes.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "retort/augment/augment_variants.h"
#include "retort/data/squad/squad_document.h"
#include "retort/text/basic_words.h"

namespace retort::augment {

// An answer in words of the context.
struct AnswerWords {
  std::string text;         // its words joined by one space; empty when it has none
  int64_t first_word = -1;  // index in the context; -1 when the answer begins or ends inside a word
};

// Returns all answers of each question of the paragraph. `words` are those of its context.
std::vector<std::vector<AnswerWords>> find_answer_words(const data::SquadParagraph& paragraph,
                                                        const std::vector<text::BasicWord>& words,
                                                        const text::TokenizerOptions& options);

// Returns the words of the first answers, which augmentation keeps.
std::set<std::string> answer_black_list(const data::SquadParagraph& paragraph, const text::TokenizerOptions& options);

// Returns the paragraph with the variant as context; answers become their words joined by one space, question ids
// become `<id>-aug<number>`. An answer begins at its words or, when they were replaced or with `at_first_occurrence`,
// at the first occurrence of its text. Empty when an answer does not occur.
std::optional<std::string> maybe_variant_json(const data::SquadParagraph& paragraph,
                                              const std::vector<std::vector<AnswerWords>>& answers,
                                              const Variant& variant, int64_t number, bool at_first_occurrence);

// Throws UserError for a question whose id has the form of a variant's: augmenting twice would repeat ids.
void check_not_augmented(const data::SquadDocument& document, const std::string& file_name);

}  // namespace retort::augment
