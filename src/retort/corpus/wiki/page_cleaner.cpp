#include "retort/corpus/wiki/page_cleaner.h"

#include "retort/corpus/wiki/balanced_marks.h"
#include "retort/corpus/wiki/character_references.h"
#include "retort/corpus/wiki/external_links.h"
#include "retort/corpus/wiki/internal_links.h"
#include "retort/corpus/wiki/quote_marks.h"
#include "retort/corpus/wiki/typography.h"
#include "retort/corpus/wiki/wiki_tables.h"

namespace retort::corpus {

std::string clean_wikitext(std::string wikitext, const CleaningOptions& options) {
  std::string text = drop_balanced(std::move(wikitext), "{{", "}}");
  text = options.tags.keep_tables ? unwrap_tables(text) : drop_balanced(std::move(text), "{|", "|}");
  text = replace_quote_marks(std::move(text));
  text = replace_internal_links(text, options.tags.keep_links);
  text = replace_external_links(text, options.tags.keep_links);
  text = drop_behavior_switches(std::move(text));
  // The reader of the XML has decoded the references of XML; those of the wikitext are decoded below, when no tag can
  // arise from them any more.
  text = protect_code(std::move(text));
  text = drop_elements(drop_markup(text, options.tags), options.tags);
  text = decode_character_references(std::move(text));
  text = number_placeholders(std::move(text));
  return select_lines(tidy_typography(std::move(text)), options.lines);
}

}  // namespace retort::corpus
