#include "retort/decode/squad_files.h"

#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/text/unicode.h"

namespace retort::decode {
namespace {

void append_escaped(char32_t c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  const auto unit = [&](uint32_t value) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", value); };
  if (c < 0x10000) return unit(c);
  unit(0xD800 + ((c - 0x10000) >> 10));
  unit(0xDC00 + ((c - 0x10000) & 0x3FF));
}

// A JSON object with one member per example, formatted like json.dumps with indent 4.
template <typename AppendValue>
std::string object_of(const data::SquadData& data, AppendValue&& append_value) {
  if (data.examples.empty()) return "{}\n";
  std::string out = "{";
  for (size_t i = 0; i < data.examples.size(); ++i) {
    out += i == 0 ? "\n    " : ",\n    ";
    append_python_string(data.examples[i].id, out);
    out += ": ";
    append_value(i, out);
  }
  return out += "\n}\n";
}

void append_candidate(const AnswerCandidate& candidate, std::string& out) {
  out += "\n        {\n            \"text\": ";
  append_python_string(candidate.text, out);
  out += ",\n            \"probability\": ";
  append_python_float(candidate.probability, out);
  out += ",\n            \"start_logit\": ";
  append_python_float(candidate.start_logit, out);
  out += ",\n            \"end_logit\": ";
  append_python_float(candidate.end_logit, out);
  out += "\n        }";
}

void append_candidates(const std::vector<AnswerCandidate>& candidates, std::string& out) {
  out += '[';
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) out += ',';
    append_candidate(candidates[i], out);
  }
  out += "\n    ]";
}

}  // namespace

void append_python_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const text::DecodedCodePoint next = text::decode_utf8(at, end);
    at += next.byte_count;
    const bool is_plain =
        next.code_point >= ' ' && next.code_point <= '~' && next.code_point != '"' && next.code_point != '\\';
    if (is_plain) {
      out += static_cast<char>(next.code_point);
    } else {
      append_escaped(next.code_point, out);
    }
  }
  out += '"';
}

void append_python_float(double value, std::string& out) {
  const std::string digits = fmt::format("{}", value);
  out += digits;
  if (digits.find_first_of(".e") == std::string::npos) out += ".0";
}

void write_squad_files(const std::filesystem::path& folder, const data::SquadData& data,
                       std::span<const SquadPrediction> predictions, bool version_2_with_negative) {
  RETORT_CHECK(predictions.size() == data.examples.size(), "{} predictions for {} questions", predictions.size(),
               data.examples.size());
  write_file_atomically(folder / "predictions.json", object_of(data, [&](size_t i, std::string& out) {
                          append_python_string(predictions[i].answer, out);
                        }));
  write_file_atomically(folder / "nbest_predictions.json", object_of(data, [&](size_t i, std::string& out) {
                          append_candidates(predictions[i].n_best, out);
                        }));
  if (!version_2_with_negative) return;
  write_file_atomically(folder / "null_odds.json", object_of(data, [&](size_t i, std::string& out) {
                          append_python_float(predictions[i].null_odds, out);
                        }));
}

}  // namespace retort::decode
