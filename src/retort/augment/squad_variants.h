// SQuAD paragraphs with other words in their contexts: where the answers are in terms of words, which words must stay,
// and the new paragraph with its answers in their places. The words of a context keep their number in all variants,
// so an answer is found again at its words.
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

// An answer of a context's words.
struct AnswerWords {
  std::string text;         // its words joined by one space; empty when it has none
  int64_t first_word = -1;  // of the context; -1 when the answer begins or ends inside a word
};

// For every question of the paragraph all its answers. `words` are those of its context.
std::vector<std::vector<AnswerWords>> find_answer_words(const data::SquadParagraph& paragraph,
                                                        const std::vector<text::BasicWord>& words,
                                                        const text::TokenizerOptions& options);

// Words of the first answers, which augmentation leaves alone.
std::set<std::string> answer_black_list(const data::SquadParagraph& paragraph, const text::TokenizerOptions& options);

// The paragraph with the variant as context; answers become their words joined by one space, questions get the ids
// `<id>-aug<number>`. An answer stands at its words, or, when they are not the answer's any more and for
// `at_first_occurrence`, wherever its text occurs first. Empty when an answer does not occur.
std::optional<std::string> maybe_variant_json(const data::SquadParagraph& paragraph,
                                              const std::vector<std::vector<AnswerWords>>& answers,
                                              const Variant& variant, int64_t number, bool at_first_occurrence);

// Throws UserError for a question whose id ends as those of variants do: augmenting twice would make ids occur twice.
void check_not_augmented(const data::SquadDocument& document, const std::string& file_name);

}  // namespace retort::augment
