// JSON lines from a stream, one object each, with errors that name the line, and the loop that gives each back with its
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

// Takes one result; the command prints it.
using TakeResult = std::function<void(const Json&)>;

// Reads groups of objects, so many that batches fill up, and gives each object back with the members of its result
// added, in the order of the input. `add` notes the object read last (lines.text_of names its line); `answer` returns
// one result for each object noted since its last call.
void answer_lines(JsonLinesInput& lines, const std::function<void(const Json&)>& add,
                  const std::function<std::vector<Json>()>& answer, const TakeResult& take);

}  // namespace retort::task
