// A published program: its table of options, and the function that translates a line to commands of retort.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "retort/compat/published_line.h"
#include "retort/compat/step.h"

namespace retort::compat {

class Translator;

struct Program {
  std::vector<std::string> names;  // of its file, in all its versions
  std::string whose;               // "NVIDIA's", for messages
  std::string verb = {};           // the word that must follow: "finetuning"
  Options options = {};
  void (*translate)(Translator& translator) = nullptr;  // null: there is no command for it
  std::string missing = {};                             // then: what is there instead
};

// All programs. Of several with one name, the one whose table fits the options of the line is used, the first of
// equals.
const std::vector<Program>& programs();

// What a program's function works with: the line, and the steps and remarks that it adds.
class Translator {
 public:
  Translator(const PublishedLine& line, int64_t processes) : line_(line), processes_(processes) {}

  const PublishedLine& line() const { return line_; }
  bool has(const char* name) const { return line_.has(name); }
  bool is_given(const char* name) const { return line_.is_given(name); }
  std::string value(const char* name) const { return line_.value(name); }
  // The value as an integer. Throws UserError when it is not an integer.
  int64_t number(const char* name) const;
  // The value of phase 1 or 2 of a pair as an integer.
  int64_t number_of_phase(const char* name, int phase) const;

  // Adds a step with every option of the table that is a flag of the command: as given, or the published default where
  // ours is another.
  Step& add_step(const std::string& command);
  // Adds steps of another line.
  void add_steps(const std::vector<Step>& steps) { steps_.insert(steps_.end(), steps.begin(), steps.end()); }
  // Sets a flag to a fixed value of the published program, unless it is the default of the command.
  void set_published(Step& step, const std::string& flag, const std::string& value);
  // Sets a flag to the value of an option that the table only reads, and says so; its default as above.
  void set_from(Step& step, const std::string& flag, const char* option);
  // A line for people; a repeated line is added once.
  void say(const std::string& remark);
  // One step of `processes` processes with a batch each is one step of one process with as many batches.
  void gather_processes(Step& step, int64_t processes);

  int64_t processes() const { return processes_; }  // that a launcher in front of the program starts
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<std::string>& remarks() const { return remarks_; }
  const std::vector<std::string>& published() const { return published_; }  // "--save_steps 50": defaults that are set
  const std::vector<std::string>& used() const { return used_; }            // options that some step has

 private:
  const PublishedLine& line_;
  int64_t processes_;
  std::vector<Step> steps_;
  std::vector<std::string> remarks_, published_, used_;
};

}  // namespace retort::compat
