#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/corpus/sentences/punkt_splitter.h"

namespace retort::fuzz {
namespace {

constexpr std::string_view kText =
    "Mr. Smith met Dr. A. B. Jones at 5 p.m. in St. Louis. \"Was it 3.5%?\" he asked... No! (Yes.) etc. The end. u.s. "
    "a";

// Checks that sentences are parts of the text, one after the other, and that parameters are the same after save and
// load.
void check_parameters(const corpus::PunktParameters& parameters, const ScratchFolder& folder) {
  std::vector<std::string_view> sentences;
  corpus::PunktSplitter(parameters).split(kText, sentences);
  const char* at = kText.data();
  for (const std::string_view sentence : sentences) {
    RETORT_CHECK(!sentence.empty() && sentence.data() >= at,
                 "a sentence of {} bytes begins before the one before it ends", sentence.size());
    at = sentence.data() + sentence.size();
  }
  RETORT_CHECK(at <= kText.data() + kText.size(), "a sentence ends outside of the text");
  const fs::path saved = folder.path() / "saved.json", again = folder.path() / "again.json";
  parameters.save(saved);
  corpus::PunktParameters::load(saved).save(again);
  RETORT_CHECK(read_file(saved) == read_file(again), "parameters differ after save and load");
}

}  // namespace

bool punkt(std::string_view input) {
  const ScratchFolder folder;
  const auto parts = split_parts(input);
  for (const char* const name : {"abbrev_types.txt", "collocations.tab", "sent_starters.txt", "ortho_context.tab"})
    if (const auto part = parts.find(name); part != parts.end()) folder.write(name, part->second);
  corpus::PunktParameters parameters;
  const fs::path path = parts.empty() ? folder.write("input.json", input) : folder.path();
  if (!takes([&] { parameters = corpus::PunktParameters::load(path); })) return false;
  check_parameters(parameters, folder);
  return true;
}

}  // namespace retort::fuzz
