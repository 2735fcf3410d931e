// JSON lines from a stream, one object each, with errors that name the line.
#pragma once

#include <istream>
#include <optional>
#include <string>

#include "retort/base/json.h"

namespace retort::recipe {

class JsonLinesInput {
 public:
  // `subject` names the source in messages, for example "standard input".
  JsonLinesInput(std::istream& in, std::string subject) : in_(in), subject_(std::move(subject)) {}

  // The next object; blank lines are passed over; empty at the end. Throws UserError for a line that is no object.
  std::optional<Json> maybe_next();
  // "standard input: line 3", of the object given last.
  std::string place() const;
  // A string field of the object given last; throws UserError when it is absent or of another type.
  std::string text_of(const Json& object, const char* field) const;
  // A list of whole numbers that fit 32 bits.
  std::vector<int32_t> integers_of(const Json& object, const char* field) const;

 private:
  std::istream& in_;
  std::string subject_;
  int64_t line_ = 0;
};

}  // namespace retort::recipe
