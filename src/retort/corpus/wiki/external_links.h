// [address text] -> text; a bare [address] vanishes.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

// An address begins with one of MediaWiki's protocols (http://, mailto:, // ...) and ends at white space, brackets, < >
// or a quote; the text ends at the `]` of its line. Text that is itself the address of an image vanishes. With
// `keep_links`, the link becomes <a href="address">text</a>. Linear in the text.
std::string replace_external_links(std::string_view text, bool keep_links);

}  // namespace retort::corpus
