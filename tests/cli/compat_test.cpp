// The published command lines as they stand, each behind `retort compat`, on small models under the names of the hub.
// What a published line has no number of steps for gets options of its own program that shorten it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/program.h"
#include "cli/user_data.h"
#include "retort/pretrained/model_folder.h"

namespace retort::program {
namespace {

Words words_of(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

// A DistilBERT with random weights, the shape of the published one in small, and the tiny world's vocabulary.
void make_distilbert(const fs::path& folder) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  model::ModelConfig config;
  config.family = model::Family::kDistilBert;
  config.vocab_size = tokenizer.vocabulary_size();
  config.hidden_size = 48, config.intermediate_size = 96;
  config.num_hidden_layers = 6, config.num_attention_heads = 12;
  config.type_vocab_size = 0;
  model::Model model(config, model::Head::kMaskedLm, {});
  model.parameters().initialize(3, config.initializer_range);
  fs::create_directories(folder);
  pretrained::save_model_folder(folder, model, tokenizer);
}

class PublishedLines : public testing::Test {
 protected:
  void SetUp() override {
    write_user_data(folder_.path());
    fs::copy(tiny::train_file_v2(), folder_ / "train-v2.0.json");
    fs::copy(tiny::dev_file_v2(), folder_ / "dev-v2.0.json");
    make_model(hub("bert-base-uncased"), model::Head::kMaskedLm, 12);
    make_model(hub("bert-large-uncased-whole-word-masking"), model::Head::kMaskedLm, 2);
    make_distilbert(hub("distilbert-base-uncased"));
  }

  // The folder of a model in the cache of the hub.
  fs::path hub(const std::string& name) {
    const fs::path root = folder_ / "hf/hub" / ("models--" + name);
    fs::create_directories(root / "refs");
    write_file_atomically(root / "refs/main", "1234\n");
    return root / "snapshots/1234";
  }

  Outcome compat(const std::string& line) {
    Words words = words_of(line);
    words.insert(words.begin(), "compat");
    return run(words, "",
               {.directory = folder_.path(),
                .environment = {{"HF_HOME", folder_ / "hf"},
                                {"HF_HUB_CACHE", ""},
                                {"RETORT_CACHE", folder_ / "cache"},
                                {"BERT_PREP_WORKING_DIR", "prepared"}}});
  }

  // Runs the line with more options behind it and returns the result.
  Json expect_runs(const std::string& line, const std::string& more = "") {
    const Outcome outcome = compat(line + " " + more);
    EXPECT_EQ(outcome.exit_code, 0) << line << "\n" << outcome.errors;
    return outcome.last_line();
  }

  std::string printed(const std::string& line) {
    const Outcome outcome = compat("--print " + line);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return outcome.output;
  }

  Json config_of(const fs::path& output) { return read_json_file(folder_ / output / "config.json"); }
  Json settings_of(const fs::path& output) { return read_json_file(folder_ / output / "retort_config.json"); }

  tiny::TemporaryFolder folder_;
};

TEST_F(PublishedLines, OfHabanasDistilBert) {
  const std::string line =
      "demo_distilbert.py finetuning --model_name_or_path distilbert-base-uncased --mode {} --teacher_type bert "
      "--do_eval "
      "--train_file train-v1.1.json --predict_file dev-v1.1.json --data_type {}";
  const std::string shorter = "--max_steps 1 --output_dir out";
  for (const auto& [mode, type] : {std::pair("eager", "fp32"), {"eager", "bf16"}, {"lazy", "fp32"}}) {
    const Json result = expect_runs(fmt::format(fmt::runtime(line), mode, type), shorter);
    EXPECT_EQ(result.at("train_steps"), 1) << mode << type;
    EXPECT_TRUE(result.contains("f1")) << "--do_eval";
  }
  expect_runs(fmt::format(fmt::runtime(line), "lazy", "bf16 --world_size 8"), shorter);
  EXPECT_EQ(settings_of("out").at("gradient_accumulation_steps"), 8);
  EXPECT_EQ(settings_of("out").at("teacher"), "bert-base-uncased");
  EXPECT_EQ(config_of("out").at("sinusoidal_pos_embds"), true);
}

TEST_F(PublishedLines, OfHabanasBert) {
  const std::string glue =
      "demo_bert.py finetuning --model_name_or_path {} --mode eager --task_name mrpc --data_type fp32 "
      "--num_train_epochs 3 "
      "--batch_size 32 --max_seq_length 128 --learning_rate {} --do_eval --data_dir MRPC";
  const std::string squad =
      "demo_bert.py finetuning --model_name_or_path {} --task_name squad --num_train_epochs 2 --max_seq_length 384 "
      "--learning_rate 3e-5 --do_eval --data_dir . {}";
  const std::string shorter = " --max_steps 1 --output_dir out";
  for (const auto& [model, rate] : {std::pair("base", "2e-5"), {"large", "3e-5"}})
    EXPECT_TRUE(expect_runs(fmt::format(fmt::runtime(glue), model, rate), shorter).contains("acc")) << model;
  for (const auto& [model, more] : {std::pair("base", "--mode eager --data_type fp32 --batch_size 12"),
                                    {"large", "--mode graph --data_type bf16 --batch_size 24"},
                                    {"large", "--mode lazy --data_type bf16 --world_size 8 --batch_size 24 --dist"}})
    EXPECT_TRUE(expect_runs(fmt::format(fmt::runtime(squad), model, more), shorter).contains("f1")) << more;
  EXPECT_EQ(settings_of("out/squad").at("model"), "bert-large-uncased-whole-word-masking");
}

TEST_F(PublishedLines, OfDistilBertFromTextToStudent) {
  fs::create_directory(folder_ / "data");
  expect_runs(
      "scripts/binarized_data.py --file_path text.txt --bert_tokenizer bert-base-uncased --dump_file "
      "data/binarized_text");
  expect_runs(
      "scripts/token_counts.py --data_file data/binarized_text.bert-base-uncased.pickle --token_counts_dump "
      "data/token_counts.bert-base-uncased.pickle");
  const std::string train =
      "train.py --dump_path out --data_file data/binarized_text.bert-base-uncased.pickle --token_counts "
      "data/token_counts.bert-base-uncased.pickle --force";
  const std::string shorter = " --n_epoch 1 --batch_size 16 --gradient_accumulation_steps 2";
  const std::string smaller = " --n_layers 2 --n_heads 4 --dim 24 --hidden_dim 48";
  EXPECT_GE(expect_runs(train, shorter + smaller).at("train_steps"), 1);
  const Json config = config_of("out");
  const Json sizes{{"n_layers", 2}, {"n_heads", 4}, {"dim", 24}, {"hidden_dim", 48}};
  for (const auto& [name, value] : sizes.items()) EXPECT_EQ(config.at(name), value) << name;
  EXPECT_EQ(config.at("sinusoidal_pos_embds"), true);

  const Json extracted = expect_runs("scripts/extract_for_distil.py");
  EXPECT_EQ(extracted.at("layers"), Json({0, 2, 4, 7, 9, 11}));
  const std::string weights = "serialization_dir/transfer_learning_checkpoint_0247911.pth";
  expect_runs(train, fmt::format("{0} --from_pretrained_weights {1} --from_pretrained_config {1}/config.json", shorter,
                                 weights));
  EXPECT_EQ(config_of("out").at("n_layers"), 6);

  expect_runs(
      "torch.distributed.launch --nproc_per_node=2 --nnodes=1 --node_rank 0 --master_addr localhost --master_port "
      "29500 "
      "train.py --force --n_gpu 2 --data_file data/binarized_text.bert-base-uncased.pickle --token_counts "
      "data/token_counts.bert-base-uncased.pickle --dump_path out",
      shorter + smaller);
  EXPECT_EQ(settings_of("out").at("gradient_accumulation_steps"), 4);
}

TEST_F(PublishedLines, OfOptimizingDistilbertSquad) {
  const std::string line =
      "run_squad_w_distillation.py --model_type distilbert --teacher_type bert --teacher_name_or_path "
      "bert-base-uncased "
      "--train_file train-v2.0.json --predict_file dev-v2.0.json --output_dir {} --num_train_epochs 3 --max_steps 1 {}";
  EXPECT_TRUE(expect_runs(fmt::format(fmt::runtime(line), "out", "")).contains("HasAns_f1"));
  EXPECT_EQ(config_of("out").at("n_layers"), 6);
  expect_runs(fmt::format(fmt::runtime(line), "pruned", "--n_layers 7 --n_heads 8 --pruning_seed 1"));
  EXPECT_EQ(config_of("pruned").at("n_layers"), 7);
  EXPECT_EQ(config_of("pruned").at("pruned_heads").size(), 7U);
  expect_runs(fmt::format(fmt::runtime(line), "scratch",
                          "--load_student_semi_pretrained false --n_layers 1 --n_heads 2 --dim 16 --hidden_dim 32"));
  EXPECT_EQ(config_of("scratch").at("dim"), 16);
}

TEST_F(PublishedLines, OfNvidiasDistillation) {
  const fs::path squad = folder_ / "prepared/download/squad/v1.1", glue = folder_ / "prepared/download/glue";
  for (const fs::path& folder : {squad, glue, folder_ / "prepared/download/glove", folder_ / "vocab",
                                 folder_ / "prepared/pretrain/phase1/parquet", folder_ / "BERT_4L_312D"})
    fs::create_directories(folder);
  fs::rename(folder_ / "train-v1.1.json", squad / "train-v1.1.json");
  fs::rename(folder_ / "dev-v1.1.json", squad / "dev-v1.1.json");
  fs::rename(folder_ / "SST-2", glue / "SST-2");
  fs::rename(folder_ / "glove.txt", folder_ / "prepared/download/glove/glove.6B.300d.txt");
  fs::copy(tiny::bert_folder() / "vocab.txt", folder_ / "vocab/vocab");
  make_model(folder_ / "checkpoints/bert-base-uncased", model::Head::kMaskedLm, 4);
  make_model(folder_ / "checkpoints/bert-base-uncased-qa", model::Head::kQuestionAnswering, 4);
  make_model(folder_ / "checkpoints/bert-base-uncased-sst-2", model::Head::kSequenceClassification, 4);
  make_model(folder_ / "student", model::Head::kNone, 2, 24);
  fs::copy(folder_ / "student/config.json", folder_ / "BERT_4L_312D/config.json");
  ASSERT_EQ(run({"data", "binarize", "--file_path", folder_ / "text.txt", "--model", tiny::bert_folder(),
                 "--output_file", folder_ / "prepared/pretrain/phase1/parquet/corpus.tokens"})
                .exit_code,
            0);
  const std::string launch = "python -m torch.distributed.launch --nproc_per_node=8 ";
  const std::string shorter = " --max_steps 1 --train_batch_size 1";
  const std::string general =
      launch +
      "general_distill.py --input_dir prepared/pretrain/phase1/parquet/ --teacher_model "
      "checkpoints/bert-base-uncased --do_lower_case --train_batch_size 32 --learning_rate 1e-4 "
      "--distill_config distillation_config_backbone.json --seed=1 --amp --vocab_file vocab/vocab "
      "--num_workers 4 ";
  expect_runs(general + "--student_model BERT_4L_312D --output_dir checkpoints/nv_distill_p1",
              shorter + " --steps_per_epoch 1");
  EXPECT_TRUE(fs::exists(folder_ / "checkpoints/nv_distill_p1/project.safetensors"));
  expect_runs(general +
                  "--student_model checkpoints/nv_distill_p1 --output_dir checkpoints/nv_distill_p2 --max_steps 6861 "
                  "--steps_per_epoch 2287 --max_seq_length 512 --continue_train",
              shorter);
  const std::string augment =
      "python data_augmentation.py --pretrained_bert_model checkpoints/bert-base-uncased --glove_embs "
      "prepared/download/glove/glove.6B.300d.txt --seed=1 --glue_dir prepared/download/";
  expect_runs(augment + "squad/v1.1 --task_name SQuADv1.1");
  expect_runs(augment + "glue --task_name SST-2");
  struct Task {
    const char *name, *data, *teacher, *student, *output;
  };
  for (const Task& task : {Task{"SQuADv1.1", "squad/v1.1", "qa", "nv_distill_p2", "nv_distill_squad"},
                           Task{"SST-2", "glue/SST-2", "sst-2", "nv_distill_p1", "nv_distill_sst_2"}}) {
    const std::string line =
        launch +
        fmt::format(
            "task_distill.py --teacher_model checkpoints/bert-base-uncased-{} --data_dir prepared/download/{} "
            "--task_name {} --max_seq_length 128 --train_batch_size 32 --do_lower_case --aug_train --amp --seed=1 ",
            task.teacher, task.data, task.name);
    expect_runs(line + fmt::format("--student_model checkpoints/{} --output_dir checkpoints/{} --num_train_epochs 9 "
                                   "--distill_config distillation_config_backbone.json",
                                   task.student, task.output),
                shorter);
    const Json scores =
        expect_runs(line + fmt::format("--student_model checkpoints/{0} --output_dir checkpoints/{0}_pred "
                                       "--num_train_epochs 10 --learning_rate 3e-5 --eval_step 2000 --distill_config "
                                       "distillation_config_heads.json",
                                       task.output),
                    shorter);
    EXPECT_TRUE(scores.contains("f1") || scores.contains("acc")) << scores;
  }
  const std::string lines = printed("run_e2e_distillation.sh"), first = lines.substr(0, lines.find('\n'));
  EXPECT_TRUE(first.starts_with("retort distill backbone ")) << lines;
  EXPECT_NE(first.find(" --model BERT_4L_312D "), std::string::npos) << lines;
}

TEST_F(PublishedLines, OfRunSquadAndRunGlue) {
  const std::string squad =
      "python run_squad.py --model_type bert --model_name_or_path {} --train_file train-v1.1.json --predict_file "
      "dev-v1.1.json --output_dir {} --max_steps 1 ";
  expect_runs(fmt::format(fmt::runtime(squad), "bert-base-uncased", "out") + "--do_train --do_eval");
  const std::string weights = read_file(folder_ / "out/model.safetensors");
  EXPECT_TRUE(expect_runs(fmt::format(fmt::runtime(squad), "out", "scores") + "--do_eval").contains("f1"));
  EXPECT_FALSE(fs::exists(folder_ / "scores/model.safetensors")) << "--do_eval alone does not train";
  EXPECT_EQ(read_file(folder_ / "out/model.safetensors"), weights);
  const std::string glue =
      "run_glue.py --model_name_or_path {} --task_name mrpc --data_dir MRPC --output_dir {} --max_steps 1 ";
  expect_runs(fmt::format(fmt::runtime(glue), "bert-base-uncased", "mrpc") + "--do_train --do_eval");
  EXPECT_TRUE(expect_runs(fmt::format(fmt::runtime(glue), "mrpc", "mrpc-scores") + "--do_eval").contains("acc"));
  fs::copy(tiny::bert_folder() / "vocab.txt", folder_ / "vocab.txt");
  const fs::path model = hub("bert-base-uncased");
  expect_runs(
      fmt::format("torchrun --nproc_per_node 2 run_squad.py --bert_model bert-base-uncased --init_checkpoint "
                  "{0}/model.safetensors --config_file {0}/config.json --vocab_file vocab.txt --do_lower_case "
                  "--do_train --do_predict --train_file train-v1.1.json --predict_file dev-v1.1.json --output_dir "
                  "nvidia --max_steps 1 --train_batch_size 4 --gradient_accumulation_steps 2",
                  model.string()));
  EXPECT_EQ(settings_of("nvidia").at("per_device_train_batch_size"), 2);
  EXPECT_EQ(settings_of("nvidia").at("gradient_accumulation_steps"), 4);
}

TEST_F(PublishedLines, PrintTellsTheLineAndRunsNothing) {
  EXPECT_EQ(printed("run_squad.py --model_type bert --model_name_or_path M --do_train --train_file T --output_dir O"),
            "retort finetune squad --model M --output_dir O --train_file T --logging_steps 500 --precision fp32 "
            "--per_device_train_batch_size 8 --per_device_eval_batch_size 8 --learning_rate 5e-5 --num_train_epochs "
            "3.0\n");
  EXPECT_FALSE(fs::exists(folder_ / "O"));
}

TEST_F(PublishedLines, WithoutACommandAreToldWhatIsThere) {
  for (const char* const line :
       {"demo_bert.py pretraining --model_name_or_path large --mode graph", "run_pretraining.py",
        "create_datasets_from_start.sh wiki_books", "utils/perform_distillation_prereqs.sh"}) {
    const Outcome outcome = compat(line);
    EXPECT_EQ(outcome.exit_code, 2) << line;
    EXPECT_NE(outcome.errors.find("has no command here: "), std::string::npos) << outcome.errors;
  }
  const Outcome unknown = compat(
      "run_glue.py --model_name_or_path M --task_name mrpc --data_dir D --output_dir O --do_train "
      "--learing_rate 1");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.errors.find("unknown option `--learing_rate`, did you mean `--learning_rate`?"), std::string::npos);
}

}  // namespace
}  // namespace retort::program
