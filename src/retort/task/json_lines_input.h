// Reads JSON lines, one object each, from a stream, with errors that name the line, and writes each object with its
// result.
#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "retort/base/json.h"

namespace retort::task {

class JsonLinesInput {
 public:
  // `subject` names the stream in messages, for example "standard input".
  JsonLinesInput(std::istream& in, std::string subject) : in_(in), subject_(std::move(subject)) {}

  // Returns the next object; skips blank lines; empty at the end. Throws UserError for a line that is not an object.
  std::optional<Json> maybe_next();
  // Returns for example "standard input: line 3" for the last object.
  std::string place() const;
  // Returns a string field of the last object; throws UserError when it is absent or has another type.
  std::string text_of(const Json& object, const char* field) const;
  // Returns a list of whole numbers that fit 32 bits.
  std::vector<int32_t> integers_of(const Json& object, const char* field) const;

 private:
  std::istream& in_;
  std::string subject_;
  int64_t line_ = 0;
};

// Receives one result; the command prints it.
using OnResult = std::function<void(const Json&)>;

// Reads groups of objects that are large enough for full batches and returns each object with the fields of its result
// added, in the order of the input. `add` stores the last object (lines.text_of names its line); `answer` returns one
// result for each object stored since its last call.
void answer_lines(JsonLinesInput& lines, const std::function<void(const Json&)>& add,
                  const std::function<std::vector<Json>()>& answer, const OnResult& take);

}  // namespace retort::task
