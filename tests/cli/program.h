// The built program as another process: arguments and standard input in; exit code and both streams out.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "recipe/tiny_world.h"

namespace retort::program {

struct Outcome {
  int exit_code = 0;  // 128 + the signal of a process that died by one
  std::string output, errors;

  // The last line of standard output; null when it is no JSON object.
  Json last_line() const;
  // Whether standard output is that line and nothing else.
  bool is_one_line() const;
};

struct Limits {
  int64_t file_bytes = 0;  // RLIMIT_FSIZE: the largest file that it may write; 0: no limit
  std::string directory = {};
  std::map<std::string, std::string> environment = {};  // added to the environment of this process
};

using Words = std::vector<std::string>;

// A started program. The destructor kills it when it still runs.
class Process {
 public:
  Process(const Words& arguments, const std::string& input = "", const Limits& limits = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal_number) const;
  bool is_running();
  Outcome wait();

 private:
  tiny::TemporaryFolder streams_;
  pid_t pid_ = 0;
  int status_ = 0;
  bool has_ended_ = false;
};

Outcome run(const Words& arguments, const std::string& input = "", const Limits& limits = {});

// The words of a command and more of them.
Words with(Words words, const Words& more);

// The words of a command with the settings of `config`, written to a file beside the output folder.
template <typename Config>
Words words_of_config(const Words& command, Config config, const fs::path& output_dir) {
  FieldList list;
  config.fields(list);
  Json settings = fields_to_json(list);
  settings.erase("output_dir");
  const fs::path file = output_dir.string() + ".settings.json";
  write_json_file(file, settings);
  return with(command, {"--config", file, "--output_dir", output_dir});
}

// `retort finetune squad` on the tiny world, with the settings of tiny::squad_settings.
Words finetune_squad_words(const fs::path& output_dir, const Words& more = {});

}  // namespace retort::program
