#include "retort/corpus/wiki/external_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "retort/corpus/wiki/internal_links.h"
#include "retort/corpus/wiki/wikitext_characters.h"

namespace retort::corpus {
namespace {

// $wgUrlProtocols of MediaWiki's DefaultSettings.php.
constexpr std::array<std::string_view, 27> kProtocols = {
    "bitcoin:", "ftp://",  "ftps://", "geo:",   "git://", "gopher://", "http://",  "https://",     "irc://",
    "ircs://",  "magnet:", "mailto:", "mms://", "news:",  "nntp://",   "redis://", "sftp://",      "sip:",
    "sips:",    "sms:",    "ssh://",  "svn://", "tel:",   "telnet://", "urn:",     "worldwind://", "xmpp:"};
constexpr std::string_view kAnyProtocol = "//";

bool starts_with_lower(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char wanted, char c) { return wanted == ascii_lower(c); });
}

// Bytes of the protocol at the beginning of the text; 0 when there is none.
size_t protocol_bytes(std::string_view text) {
  if (text.starts_with(kAnyProtocol)) return kAnyProtocol.size();
  for (const std::string_view protocol : kProtocols)
    if (starts_with_lower(text, protocol)) return protocol.size();
  return 0;
}

bool is_address_byte(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '[' && c != ']' && c != '<' && c != '>' && c != '"';
}
bool is_label_byte(char c) { return c != '[' && c != ']' && (static_cast<unsigned char>(c) >= 0x20 || c == '\t'); }

// The end of the address that begins at `at`: the first byte that cannot be in it, or white space of Unicode.
size_t find_address_end(std::string_view text, size_t at) {
  while (at < text.size() && is_address_byte(text[at])) {
    const size_t byte_count = character_at(text, at).byte_count;
    if (byte_count > 1 && trim_space(text.substr(at, byte_count)).empty()) break;
    at += byte_count;
  }
  return at;
}

// The position of the `]` that ends a label; links in double brackets may be in it.
std::optional<size_t> maybe_label_end(std::string_view text, size_t at) {
  for (;;) {
    while (at < text.size() && is_label_byte(text[at])) ++at;
    if (at == text.size()) return std::nullopt;
    if (text[at] == ']') return at;
    if (!text.substr(at).starts_with("[[")) return std::nullopt;
    const size_t inner = at + 2;
    at = inner;
    while (at < text.size() && is_label_byte(text[at])) ++at;
    if (at == inner || !text.substr(at).starts_with("]]")) return std::nullopt;
    at += 2;
  }
}

bool is_image_address(std::string_view label) {
  if (!label.starts_with("http://") && !label.starts_with("https://")) return false;
  if (find_address_end(label, 0) != label.size()) return false;
  constexpr std::array<std::string_view, 4> kEndings = {".gif", ".png", ".jpg", ".jpeg"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) {
    return label.size() > ending.size() && starts_with_lower(label.substr(label.size() - ending.size()), ending);
  });
}

struct ExternalLink {
  std::string_view address, label;
  size_t end = 0;
};

// The link whose `[` is at `at`.
std::optional<ExternalLink> maybe_link(std::string_view text, size_t at) {
  const size_t begin = at + 1, protocol = protocol_bytes(text.substr(begin));
  if (protocol == 0) return std::nullopt;
  const size_t address_end = find_address_end(text, begin + protocol);
  if (address_end == begin + protocol) return std::nullopt;
  size_t label_begin = address_end;
  while (label_begin < text.size()) {
    const size_t byte_count = character_at(text, label_begin).byte_count;
    if (!trim_space(text.substr(label_begin, byte_count)).empty()) break;
    label_begin += byte_count;
  }
  const std::optional<size_t> label_end = maybe_label_end(text, label_begin);
  if (!label_end) return std::nullopt;
  return ExternalLink{text.substr(begin, address_end - begin), text.substr(label_begin, *label_end - label_begin),
                      *label_end + 1};
}

}  // namespace

std::string replace_external_links(std::string_view text, bool keep_links) {
  std::string out;
  out.reserve(text.size());
  size_t written = 0;
  for (size_t bracket = text.find('['); bracket != text.npos;) {
    const std::optional<ExternalLink> link = maybe_link(text, bracket);
    if (!link) {
      bracket = text.find('[', bracket + 1);
      continue;
    }
    out.append(text.substr(written, bracket - written));
    const std::string_view label = is_image_address(link->label) ? "" : link->label;
    if (keep_links) {
      out.append(fmt::format("<a href=\"{}\">{}</a>", percent_encoded(link->address), label));
    } else {
      out.append(label);
    }
    written = link->end;
    bracket = text.find('[', written);
  }
  return out.append(text.substr(written));
}

}  // namespace retort::corpus
