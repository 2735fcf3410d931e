// Text -> sentences by Punkt: the same as nltk.tokenize.punkt.PunktSentenceTokenizer (NLTK 3.10) with the same
// parameters, in linear time.
#pragma once

#include <string_view>
#include <vector>

#include "retort/corpus/sentences/punkt_parameters.h"

namespace retort::corpus {

// Thread-safe. The parameters must outlive it.
class PunktSplitter {
 public:
  explicit PunktSplitter(const PunktParameters& parameters) : parameters_(parameters) {}

  // Appends the sentences of `text`, which may be of several lines. Closing quotes and brackets belong to the sentence
  // before them; white space between sentences belongs to none.
  void split(std::string_view text, std::vector<std::string_view>& sentences) const;

 private:
  const PunktParameters& parameters_;
};

}  // namespace retort::corpus
