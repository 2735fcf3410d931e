// The published command lines as they stand, each after `retort compat`, on small models under the names of the hub.
// Options of the same program are added where the published line would train for long.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
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

  // Runs the line with more options after it and returns the result.
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

// Makes the instances of both phases by the published program, DIR1 and DIR2, and a small config.json.
class PretrainingLines : public PublishedLines {
 protected:
  void SetUp() override {
    PublishedLines::SetUp();
    make_model(hub("bert-large-uncased"), model::Head::kNone, 1);
    fs::copy(tiny::bert_folder() / "vocab.txt", folder_ / "vocab.txt");
    fs::copy(tiny::bert_folder() / "config.json", folder_ / "tiny.json");
    write_file_atomically(folder_ / "shard.txt", tiny::sentence_shard());
    for (const auto& [folder, length] : {std::pair("DIR1", 32), {"DIR2", 48}}) {
      fs::create_directory(folder_ / folder);
      expect_runs(
          fmt::format("create_pretraining_data.py --vocab_file vocab.txt --input_file shard.txt --output_file "
                      "{}/a_training_0.hdf5 --max_seq_length {} --dupe_factor 1",
                      folder, length));
    }
  }
};

TEST_F(PretrainingLines, OfHabanasBert) {
  const std::string line =
      "demo_bert.py pretraining --model_name_or_path large --mode {} --data_type {} --batch_size {} "
      "--accumulate_gradients --allreduce_post_accumulation --allreduce_post_accumulation_fp16 {} --data_dir DIR1 DIR2";
  const std::string shorter =
      " --max_steps 2 1 --train_batch_size 64 16 --max_seq_length 32 48 --config_file tiny.json --output_dir ";
  const std::string one_card = fmt::format(fmt::runtime(line), "graph", "bf16", "64 8", "");
  expect_runs(one_card, shorter + "one");
  const fs::path phases = folder_ / "one/results/checkpoints";
  EXPECT_EQ(settings_of(phases / "phase1").at("per_device_train_batch_size"), 64);
  EXPECT_EQ(settings_of(phases / "phase2").at("per_device_train_batch_size"), 8);
  EXPECT_EQ(settings_of(phases / "phase2").at("gradient_accumulation_steps"), 2);
  EXPECT_EQ(settings_of(phases / "phase2").at("init_checkpoint"), "one/results/checkpoints/phase1");
  EXPECT_TRUE(read_file(phases / "phase2/train_log.jsonl").starts_with("DLLL {"));

  const auto written = fs::last_write_time(phases / "phase2/model.safetensors");
  const Outcome again = compat(one_card + shorter + "one");
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_NE(again.errors.find("phase1 holds a run, which is continued: --resume"), std::string::npos) << again.errors;
  EXPECT_EQ(fs::last_write_time(phases / "phase2/model.safetensors"), written) << "finished runs are not trained again";

  expect_runs(fmt::format(fmt::runtime(line), "lazy", "fp32", "32 4", "--world_size 8 --dist"), shorter + "eight");
  EXPECT_EQ(settings_of("eight/results/checkpoints/phase1").at("gradient_accumulation_steps"), 2 * 8);
  EXPECT_EQ(settings_of("eight/results/checkpoints/phase2").at("gradient_accumulation_steps"), 4 * 8);
}

// Paused in phase 1 and repeated, the line comes to the same model as without a pause.
TEST_F(PretrainingLines, ContinueWhereStepsThisRunPausedThem) {
  const std::string line =
      "demo_bert.py pretraining --model_name_or_path base --data_type fp32 --data_dir DIR1 DIR2 --max_steps 3 2 "
      "--train_batch_size 16 8 --max_seq_length 32 48 --config_file tiny.json ";
  expect_runs(line, "--output_dir whole");
  EXPECT_EQ(expect_runs(line, "--output_dir out --steps_this_run 2 -1").at("paused_at_step"), 2);
  EXPECT_FALSE(fs::exists(folder_ / "out/results/checkpoints/phase2"));
  expect_runs(line, "--output_dir out");
  for (const char* const phase : {"phase1", "phase2"})
    EXPECT_TRUE(read_file(folder_ / "out/results/checkpoints" / phase / "model.safetensors") ==
                read_file(folder_ / "whole/results/checkpoints" / phase / "model.safetensors"))
        << phase;
}

TEST_F(PretrainingLines, OfRunPretraining) {
  const std::string line =
      "python3 -m torch.distributed.launch --nproc_per_node=2 run_pretraining.py --do_train --bert_model "
      "bert-large-uncased --config_file tiny.json --output_dir out --train_batch_size 16 "
      "--gradient_accumulation_steps 2 --allreduce_post_accumulation --allreduce_post_accumulation_fp16 "
      "--num_steps_per_checkpoint 1 --json-summary dllogger.json --disable_progress_bar --fp16 ";
  const std::string first =
      "--input_dir DIR1 --max_seq_length 32 --max_predictions_per_seq 20 --max_steps 2 --warmup_proportion 0.2843 "
      "--learning_rate 6e-3";
  EXPECT_EQ(expect_runs(line, first).at("train_steps"), 2);
  EXPECT_EQ(settings_of("out/phase1").at("gradient_accumulation_steps"), 4);
  const Outcome again = compat(line + first);
  EXPECT_EQ(again.exit_code, 2) << "as the published program: no second run into the same folder";
  expect_runs(line,
              "--input_dir DIR2 --max_seq_length 48 --max_predictions_per_seq 80 --max_steps 1 --phase2 "
              "--resume_from_checkpoint --phase1_end_step 2");
  EXPECT_EQ(settings_of("out/phase2").at("init_checkpoint"), "out/phase1");
}

TEST_F(PretrainingLines, OfTheScript) {
  fs::create_directory(folder_ / "code");
  expect_runs(
      "bash scripts/run_pretraining.sh 8 6e-3 fp32 1 0.2843 1 200 false true true 2 12439 job true true 8 4e-3 "
      "0.128 1 2 DIR1 DIR2 code None - - - - - - - tiny.json");
  EXPECT_EQ(settings_of("code/results/checkpoints/phase2").at("seed"), 12439);
}

// A dump with so many articles that each of the published 512 shards gets one.
std::string many_articles() {
  std::string xml = "<mediawiki><siteinfo><base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>";
  for (int i = 1; i <= 520; ++i)
    xml += fmt::format(
        "<page><title>Mill {0}</title><ns>0</ns><id>{0}</id><revision><text>The mill was built in {0}. It is made of "
        "stone. Ada Kell built it.</text></revision></page>",
        1000 + i);
  return xml + "</mediawiki>";
}

class CorpusLines : public PublishedLines {
 protected:
  void SetUp() override {
    PublishedLines::SetUp();
    // Two thousand files, each of which is synced: fast in memory only.
    std::string name = "/dev/shm/retort_corpus_XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) fs::create_directory_symlink(in_memory_ = name, folder_ / "prepared");
    const fs::path download = folder_ / "prepared/download";
    for (const char* const each :
         {"wikicorpus_en", "bookscorpus", "google_pretrained_weights/uncased_L-24_H-1024_A-16"})
      fs::create_directories(download / each);
    write_file_atomically(download / "wikicorpus_en/wikicorpus_en.xml", many_articles());
    write_file_atomically(download / "bookscorpus/1.txt", "The mill is old.\nIt was built by Ada.\n");
    fs::copy(tiny::bert_folder() / "vocab.txt",
             download / "google_pretrained_weights/uncased_L-24_H-1024_A-16/vocab.txt");
  }

  void TearDown() override {
    std::error_code ignored;
    if (!in_memory_.empty()) fs::remove_all(in_memory_, ignored);
  }

  int64_t count_files(const fs::path& folder, const std::string& ending) {
    int64_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / "prepared" / folder))
      count += entry.path().string().ends_with(ending) ? 1 : 0;
    return count;
  }

  fs::path in_memory_;
};

TEST_F(CorpusLines, OfCreateDatasets) {
  for (const auto& [line, dataset] : {std::pair("create_datasets_from_start.sh", "wikicorpus_en"),
                                      {"create_datasets_from_start.sh wiki_books", "books_wiki_en_corpus"}}) {
    const Json result = expect_runs(line);
    EXPECT_EQ(result.at("shards").at("articles"), dataset[0] == 'w' ? 520 : 521) << line;
    EXPECT_EQ(count_files(fs::path("sharded_training_shards_256_test_shards_256_fraction_0.1") / dataset, ".txt"), 512);
    for (const char* const folder :
         {"hdf5_lower_case_1_seq_len_128_max_pred_20_masked_lm_prob_0.15_random_seed_12345_dupe_factor_5",
          "hdf5_lower_case_1_seq_len_512_max_pred_80_masked_lm_prob_0.15_random_seed_12345_dupe_factor_5"})
      EXPECT_EQ(count_files(fs::path(folder) / dataset, ".hdf5"), 512) << line;
  }
}

TEST_F(CorpusLines, OfBertPrep) {
  const std::string prep = "python3 /workspace/bert/data/bertPrep.py --dataset ",
                    shards = " --n_training_shards 3 --n_test_shards 1";
  EXPECT_EQ(expect_runs(prep + "bookscorpus --action text_formatting").at("articles"), 1);
  EXPECT_EQ(expect_runs(prep + "wikicorpus_en --action text_formatting --n_processes 8").at("articles"), 520);
  EXPECT_EQ(expect_runs(prep + "wikicorpus_en --action text_formatting").at("articles"), 520) << "repeated";
  EXPECT_EQ(expect_runs(prep + "wikicorpus_en --action sharding" + shards).at("articles"), 520);
  EXPECT_EQ(expect_runs(prep + "books_wiki_en_corpus --action sharding" + shards).at("articles"), 521);
  const Json result =
      expect_runs(prep +
                  "books_wiki_en_corpus --action create_hdf5_files --max_seq_length 128 --max_predictions_per_seq 20 "
                  "--vocab_file prepared/download/google_pretrained_weights/uncased_L-24_H-1024_A-16/vocab.txt "
                  "--do_lower_case 1" +
                  shards);
  EXPECT_EQ(result.at("files"), 4);
  EXPECT_EQ(result.at("documents"), 521);
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
  for (const char* const line : {"utils/perform_distillation_prereqs.sh"}) {
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
