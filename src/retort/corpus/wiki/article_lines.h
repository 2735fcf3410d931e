// Decides line by line what stays of an article: headings, lists, remains of tables and templates, preformatted text.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

struct LineOptions {
  bool keep_sections = false;  // the headings above a kept line, each as a sentence that ends with a full stop
  bool keep_lists = false;     // the items of lists, without their marks
};

// The lines that are kept, each with a line end; runs of blank lines become one, and none is first or last. Dropped
// are: headings; lines that begin with * # ; or : ; that begin with { or | or end with } ; in parentheses; that hold
// only dots and dashes; that begin with a space, unless they are the first below a heading.
std::string select_lines(std::string_view text, const LineOptions& options);

}  // namespace retort::corpus
