// A JSON event parser that rejects every event which the format does not expect. Base class of the parsers of
// safetensors headers and shard indexes. It builds no tree, so hostile input needs no more memory than its useful
// content.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "retort/base/error.h"
#include "retort/checkpoint/named_tensor.h"

namespace retort::checkpoint {

// A derived class overrides the events that it expects; all others call `unexpected`, which throws UserError.
class StrictJson : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit StrictJson(std::string subject) : subject_(std::move(subject)) {}

  // Parses the whole text. Rejects a raw NUL first, because the parser would take it for the end.
  void read(std::string_view text) {
    if (const size_t at = text.find('\0'); at != std::string_view::npos) {
      throw UserError("`{}` must hold JSON, but has a NUL byte at byte {} of it; {}", subject_, at, kDamagedRemedy);
    }
    nlohmann::json::sax_parse(text.begin(), text.end(), this);
  }

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("true or false"); }
  bool number_integer(number_integer_t value) override { return unexpected(fmt::format("the number {}", value)); }
  bool number_unsigned(number_unsigned_t value) override { return unexpected(fmt::format("the number {}", value)); }
  bool number_float(number_float_t, const string_t& text) override {
    return unexpected(fmt::format("the number {}", shown_name(text)));
  }
  bool string(string_t& text) override { return unexpected(fmt::format("the string \"{}\"", shown_name(text))); }
  bool binary(binary_t&) override { return unexpected("binary data"); }
  bool start_object(std::size_t) override { return unexpected("an object"); }
  bool key(string_t& text) override { return unexpected(fmt::format("the key \"{}\"", shown_name(text))); }
  bool end_object() override { return unexpected("the end of an object"); }
  bool start_array(std::size_t) override { return unexpected("a list"); }
  bool end_array() override { return unexpected("the end of a list"); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    throw UserError("`{}` must hold JSON in UTF-8, but is not from byte {} of it on; {}", subject_, position,
                    kDamagedRemedy);
  }

  static constexpr const char* kDamagedRemedy = "the file is damaged: download it or save it again";

 protected:
  [[noreturn]] virtual bool unexpected(const std::string& what) = 0;
  const std::string subject_;
};

}  // namespace retort::checkpoint
