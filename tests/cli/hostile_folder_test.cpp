// Output folders with files that the program did not write: it neither removes, replaces nor reads them as its own, and
// messages about them are printable.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>

#include "cli/program.h"
#include "retort/checkpoint/manifest.h"
#include "retort/checkpoint/run_folder.h"

namespace retort::program {
namespace {

const Words kTwoSteps{"--max_steps", "2", "--save_steps", "1", "--save_total_limit", "0"};
const Words kResume{"--max_steps", "3", "--save_steps", "1", "--save_total_limit", "0", "--resume"};

// Makes an unfinished run of two steps: checkpoints, log and settings, no DONE.
void make_unfinished(const fs::path& out) {
  ASSERT_EQ(run(finetune_squad_words(out, kTwoSteps)).exit_code, 0);
  fs::remove(out / "DONE");
  fs::remove(out / "results.json");
}

// Writes a file of the user's.
void write_paper(const fs::path& folder) {
  fs::create_directories(folder);
  write_file_atomically(folder / "paper.tex", "precious");
}

TEST(HostileFolder, FoldersWithNamesOfLeftoversStay) {
  const tiny::TemporaryFolder folder;
  const Words names{"unpublished",
                    "thesis.tmp.2024.11",
                    "checkpoint-best.deleted",
                    "checkpoint-5.deleted",
                    "data.tmp.1.2",
                    ".retort-tmp.1.2",
                    "runs",
                    "checkpoint-1",
                    "checkpoint-700",
                    "previous",
                    "checkpoint-6.tmp.10.0"};
  for (const std::string& name : names) write_paper(folder / "out" / name);
  for (const char* start : {"--overwrite_output_dir", "--resume", "--overwrite_output_dir"}) {
    Words words = kTwoSteps;
    words.emplace_back(start);
    const Outcome outcome = run(finetune_squad_words(folder / "out", words));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    for (const std::string& name : names)
      EXPECT_EQ(read_file(folder / "out" / name / "paper.tex"), "precious") << name << " after " << start;
  }
}

TEST(HostileFolder, LinksInARunFolderAreNotFollowed) {
  const tiny::TemporaryFolder folder;
  const fs::path out = folder / "out", victim = folder / "victim";
  make_unfinished(out);
  for (const bool is_hard : {false, true}) {
    write_file_atomically(victim, "precious");
    for (const char* name : {"train_log.jsonl", "results.json", "DONE", "config.json", "model.safetensors",
                             "predictions.json", "README.md"}) {
      fs::remove(out / name);
      is_hard ? fs::create_hard_link(victim, out / name) : fs::create_symlink(victim, out / name);
    }
    if (!is_hard) {
      write_paper(folder / "victims");
      fs::remove_all(out / "checkpoint-2");
      fs::create_directory_symlink(folder / "victims", out / "checkpoint-2");
    }
    const Outcome outcome = run(finetune_squad_words(out, kResume));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(read_file(victim), "precious");
    EXPECT_EQ(read_file(folder / "victims/paper.tex"), "precious");
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(out / "results.json")));
    fs::remove(out / "DONE");
  }
}

TEST(HostileFolder, ALinkInThePlaceOfALockIsRefused) {
  const tiny::TemporaryFolder folder;
  make_unfinished(folder / "out");
  write_file_atomically(folder / "victim", "precious");
  fs::remove(folder / "out/.lock");
  fs::create_symlink(folder / "victim", folder / "out/.lock");
  const Outcome outcome = run(finetune_squad_words(folder / "out", kResume));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors.find("out/.lock` must be the lock's own file, but is a link; remove the link"),
            std::string::npos)
      << outcome.errors;
  write_file_atomically(folder / "text", "the old mill\n");
  fs::create_symlink(folder / "victim", folder / ".o.tok.lock");
  EXPECT_EQ(run({"data", "binarize", "--file_path", folder / "text", "--model", tiny::bert_folder(), "--output_file",
                 folder / "o.tok"})
                .exit_code,
            2);
  EXPECT_EQ(read_file(folder / "victim"), "precious");
}

// The file contradicts the data, and its checksum is wrong: the checkpoint before it is used.
TEST(HostileFolder, AStateWithAWrongChecksumIsNotUsed) {
  for (const auto& [before, after] : {std::pair("\"seed\": 42", "\"seed\": 43"),
                                      {"\"sequences_per_epoch\": ", "\"sequences_per_epoch\": 1"},
                                      {"\"data_hash\": \"", "\"data_hash\": \"z"}}) {
    const tiny::TemporaryFolder folder;
    make_unfinished(folder / "out");
    const fs::path file = folder / "out/checkpoint-2/trainer_state.json";
    std::string text = read_file(file);
    ASSERT_NE(text.find(before), std::string::npos) << before;
    text.replace(text.find(before), std::string(before).size(), after);
    write_file_atomically(file, text);
    const Outcome outcome = run(finetune_squad_words(folder / "out", kResume));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_NE(outcome.errors.find("checkpoint-1` at step 1"), std::string::npos) << outcome.errors;
  }
}

TEST(HostileFolder, RecordsOfAnotherTypeAreNamed) {
  const tiny::TemporaryFolder folder;
  const fs::path out = folder / "out";
  make_unfinished(out);
  const std::string settings = read_file(out / "retort_config.json"), log = read_file(out / "train_log.jsonl");
  for (const char* text : {"[]", "null", "{\"command\": 5}", "7", "\"text\"", "{"}) {
    write_file_atomically(out / "retort_config.json", text);
    const Outcome outcome = run(finetune_squad_words(out, kResume));
    EXPECT_EQ(outcome.exit_code, 2) << text << outcome.errors;
    EXPECT_NE(outcome.errors.find("retort_config.json`"), std::string::npos) << outcome.errors;
  }
  write_file_atomically(out / "retort_config.json", settings);
  for (const char* line : {"{\"event\": 5}", "{\"event\": \"train\", \"step\": {}}", "{\"step\": [[]]}"}) {
    write_file_atomically(out / "train_log.jsonl", log.substr(0, log.find('\n') + 1) + line + "\n");
    const Outcome outcome = run(finetune_squad_words(out, kResume));
    EXPECT_EQ(outcome.exit_code, 2) << line << outcome.errors;
    EXPECT_NE(outcome.errors.find("in line 2 of `" + (out / "train_log.jsonl").string() + "`"), std::string::npos)
        << outcome.errors;
  }
  write_file_atomically(out / "train_log.jsonl", log);
  EXPECT_EQ(run(finetune_squad_words(out, kResume)).exit_code, 0);
}

// Malformed trainer states in a checkpoint whose checksums are right.
TEST(HostileFolder, AStateOfAnotherTypeIsNamed) {
  const tiny::TemporaryFolder folder;
  const fs::path out = folder / "out", checkpoint = out / "checkpoint-2";
  make_unfinished(out);
  const Json good = read_json_file(checkpoint / "trainer_state.json");
  const auto attribute = [](const char* name) {
    return Json::json_pointer(std::string("/stateful_callbacks/RetortResume/attributes/") + name);
  };
  for (int kind = 0; kind < 5; ++kind) {
    Json state = good;
    if (kind == 0) state = Json::array();
    if (kind == 1) state["stateful_callbacks"]["RetortResume"]["attributes"] = 5;
    if (kind == 2) state[attribute("data_sequence")] = 1000000;
    if (kind == 3) state[attribute("data_epoch")] = -1;
    if (kind == 4) state["log_history"] = {{{"loss", {}}}, 5}, state["best_global_step"] = -3;
    fs::copy(checkpoint, folder / "copy", fs::copy_options::recursive);
    write_json_file(folder / "copy/trainer_state.json", state);
    fs::remove(folder / "copy/MANIFEST.json");
    checkpoint::write_checkpoint_folder(checkpoint, [&](const fs::path& made) {
      fs::copy(folder / "copy", made, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    });
    fs::remove_all(folder / "copy");
    const Outcome outcome = run(finetune_squad_words(out, kResume));
    EXPECT_EQ(outcome.exit_code, 2) << kind << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find("trainer_state.json`"), std::string::npos) << outcome.errors;
  }
}

TEST(HostileFolder, NoCommandWritesOverWhatItReads) {
  const tiny::TemporaryFolder folder;
  const fs::path ids = folder / "ids.jsonl", text = folder / "text", model = folder / "model";
  tiny::copy_model(tiny::bert_folder(), model);
  write_file_atomically(ids, "{\"input_ids\": [2, 3]}\n");
  write_file_atomically(text, "the old mill\n");
  fs::create_symlink(ids, folder / "link");
  fs::create_hard_link(ids, folder / "hard");
  ASSERT_EQ(run({"data", "binarize", "--file_path", text, "--model", model, "--output_file", folder / "tok"}).exit_code,
            0);
  ASSERT_EQ(run({"forward", "--model", model, "--input", ids, "--output", folder / "out"}).exit_code, 0);
  fs::create_directories(folder / "results");
  fs::copy(tiny::dev_file(), folder / "results/predictions.json");
  fs::create_hard_link(folder / "results/predictions.json", folder / "dev.json");
  fs::copy(tiny::train_file(), folder / "results/train_log.jsonl");
  std::vector<Words> commands;
  for (const fs::path& output :
       {ids, folder / "link", folder / "hard", model / "model.safetensors", model / "vocab.txt"})
    commands.push_back({"forward", "--model", model, "--input", ids, "--output", output});
  for (const fs::path& output : {text, model / "vocab.txt", model / "config.json"})
    commands.push_back(
        {"data", "binarize", "--file_path", text, "--model", model, "--overwrite", "--output_file", output});
  commands.push_back({"data", "count", "--data_file", folder / "tok", "--overwrite", "--output_file", folder / "tok"});
  commands.push_back({"evaluate", "squad", "--model", tiny::question_answering_folder(), "--dev_file",
                      folder / "dev.json", "--output_dir", folder / "results"});
  commands.push_back({"score", "squad", "--data_file", folder / "dev.json", "--predictions_file",
                      folder / "results/predictions.json", "--null_odds_file", folder / "results/pr_curves.json",
                      "--version_2_with_negative", "--out_image_dir", folder / "results"});
  write_file_atomically(folder / "results/pr_curves.json", "{}");
  Words training = finetune_squad_words(folder / "results", {"--overwrite_output_dir", "--max_steps", "1"});
  training.insert(training.end(), {"--train_file", folder / "results/train_log.jsonl"});
  commands.push_back(training);
  std::map<fs::path, std::string> before;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file()) before[entry.path()] = read_file(entry.path());
  for (const Words& words : commands) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2) << words[0] << " " << words.back() << ": " << outcome.errors;
    EXPECT_NE(outcome.errors.find("which is read"), std::string::npos) << words[0] << ": " << outcome.errors;
    for (const auto& [path, content] : before)
      EXPECT_TRUE(read_file(path) == content) << path << " after " << words[0] << " " << words.back();
  }
}

TEST(HostileFolder, OverwritingRefusesARunThatHoldsItsModel) {
  const tiny::TemporaryFolder folder;
  make_unfinished(folder / "out");
  const Outcome outcome = run(finetune_squad_words(
      folder / "out", {"--overwrite_output_dir", "--max_steps", "1", "--model", folder / "out/checkpoint-2"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors.find("`model` must be outside of the files that --overwrite_output_dir renames"),
            std::string::npos)
      << outcome.errors;
  EXPECT_EQ(checkpoint::verify_checkpoint_folder(folder / "out/checkpoint-2"), std::nullopt);
}

bool is_printable(const std::string& text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return false;
  return Json::accept(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)) &&
         Json(text).dump(-1, ' ', false, Json::error_handler_t::replace).find("\xEF\xBF\xBD") == std::string::npos;
}

TEST(HostileFolder, MessagesArePrintableAndShort) {
  const tiny::TemporaryFolder folder;
  tiny::copy_model(tiny::bert_folder(), folder / "model");
  for (const std::string& type :
       {std::string("\x1b[2J\x1b]0;owned\x07"), std::string("\xE2\x80\xAE\xC2\x9B"), std::string(5'000'000, 'x')}) {
    tiny::set_config_field(folder / "model", "model_type", type);
    const Outcome outcome = run({"predict", "text", "--model", folder / "model", "--text", "a"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_TRUE(is_printable(outcome.errors)) << outcome.errors.substr(0, 300);
    EXPECT_LT(outcome.errors.size(), 1500u);
    EXPECT_NE(outcome.errors.find("other architectures are not supported"), std::string::npos);
  }
  const std::string raw = "caf\xE9\x1b[31m";
  for (const Outcome& outcome :
       {run({"predict", "qa", "--model", tiny::question_answering_folder()}, raw + "\n"), run({raw}),
        run({"forward", "--" + raw, "1"}), run({"tokenize", "--model", folder / raw})}) {
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_TRUE(is_printable(outcome.errors)) << outcome.errors;
  }
}

TEST(HostileFolder, ResumingAFinishedRunGivesItsResults) {
  const tiny::TemporaryFolder folder;
  const Outcome first = run(finetune_squad_words(folder / "out", kTwoSteps));
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const auto written = fs::last_write_time(folder / "out/model.safetensors");
  Words words = kTwoSteps;
  words.emplace_back("--resume");
  for (int time = 0; time < 2; ++time) {
    const Outcome again = run(finetune_squad_words(folder / "out", words));
    EXPECT_EQ(again.exit_code, 0) << again.errors;
    EXPECT_TRUE(again.is_one_line());
    EXPECT_EQ(again.last_line(), first.last_line());
    EXPECT_NE(again.errors.find("has a finished run; its results follow"), std::string::npos) << again.errors;
  }
  EXPECT_EQ(fs::last_write_time(folder / "out/model.safetensors"), written);
  EXPECT_EQ(run({"pretrain", "--data_file", "none", "--model", tiny::bert_folder(), "--output_dir", folder / "out",
                 "--resume"})
                .exit_code,
            2)
      << "another command";
  fs::remove(folder / "out/results.json");
  const Outcome damaged = run(finetune_squad_words(folder / "out", words));
  EXPECT_EQ(damaged.exit_code, 2);
  EXPECT_NE(damaged.errors.find("results.json` must hold the results of the finished run, but is missing"),
            std::string::npos)
      << damaged.errors;
}

// A model folder as a process leaves it that is killed between two renames of its publication.
TEST(HostileFolder, AHalfPublishedModelIsCompletedByItsReader) {
  const tiny::TemporaryFolder folder;
  const fs::path out = folder / "out", half = out / ".retort-publishing";
  tiny::copy_model(tiny::bert_folder(), out);
  write_file_atomically(folder / "ids", "{\"input_ids\": [2, 3]}\n");
  fs::create_directories(half / "files");
  for (const char* name : {"model.safetensors", "config.json"}) fs::rename(out / name, half / "files" / name);
  write_file_atomically(half / ".retort", "{\"format\":\"retort-folder\"}\n");
  const Outcome outcome = run({"forward", "--model", out, "--input", folder / "ids", "--output", folder / "st"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_NE(outcome.errors.find("finishing an interrupted publication"), std::string::npos) << outcome.errors;
  EXPECT_FALSE(fs::exists(half));
  EXPECT_TRUE(read_file(out / "model.safetensors") == read_file(tiny::bert_folder() / "model.safetensors"));
}

TEST(HostileFolder, TheDemoReplacesNoFilesOfOthers) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "train.json", "precious");
  const Outcome outcome =
      run({"demo", "--output_dir", folder.path(), "--model", tiny::bert_folder(), "--passages", "1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors.find("train.json` must not exist or be from an earlier demo"), std::string::npos)
      << outcome.errors;
  EXPECT_EQ(read_file(folder / "train.json"), "precious");
}

}  // namespace
}  // namespace retort::program
