// `retort pretrain --objective mlm_nsp`: one phase, two phases, pausing and resuming.
#include <gtest/gtest.h>

#include <map>

#include "recipe/tiny_world.h"
#include "retort/checkpoint/weights.h"
#include "retort/recipe/data_instances.h"
#include "retort/recipe/pretrain.h"

namespace retort::recipe {
namespace {

class PretrainPairs : public testing::Test {
 protected:
  PretrainPairs() {
    fs::create_directory(folder_ / "shards");
    write_file_atomically(folder_ / "shards" / "a_training_0.txt", tiny::sentence_shard());
  }
  PretrainConfig settings(const fs::path& output_dir) const {
    PretrainConfig config;
    config.objective = "mlm_nsp";
    config.model.model = tiny::bert_folder();
    config.pairs.data_dir = config.pairs.eval_dir = folder_ / "shards";
    config.pairs.max_predictions_per_seq = 5;
    config.pairs.cache.cache_dir = folder_ / "cache";
    config.corpus.rows.max_seq_length = 32;
    config.training.optimizer = "lamb", config.training.lr_scheduler_type = "nvidia_poly";
    config.training.learning_rate = 1e-2, config.training.warmup_proportion = 0.1;
    config.training.per_device_train_batch_size = 16, config.training.max_steps = 12;
    config.training.precision = "fp32", config.training.threads = 1;
    config.output.output_dir = output_dir;
    return config;
  }
  std::string weights_of(const fs::path& run) const { return read_file(run / "model.safetensors"); }

  const tiny::TemporaryFolder folder_;
};

TEST_F(PretrainPairs, LearnsBothObjectives) {
  PretrainConfig config = settings(folder_ / "out");
  config.training.max_steps = 60;
  const Json results = pretrain(config);
  // A uniform guess has ln(vocabulary) = 5 or more, and ln 2 for the pair.
  config.training.max_steps = 1, config.training.learning_rate = 0, config.output.output_dir = folder_ / "untrained";
  const Json before = pretrain(config);
  EXPECT_LT(results["mlm_loss"].get<double>(), before["mlm_loss"].get<double>() - 0.5) << results << before;
  EXPECT_GT(results["utilization"].get<double>(), 0) << results;
  EXPECT_LT(results["utilization"].get<double>(), 1) << results;
  EXPECT_GT(results["train_sequences_per_second"].get<double>(), 0) << results;
  EXPECT_GT(results["masked_accuracy"].get<double>(), before["masked_accuracy"].get<double>()) << results << before;
}

TEST_F(PretrainPairs, LeavesTheTensorsOfBertForPreTraining) {
  pretrain(settings(folder_ / "out"));
  EXPECT_EQ(read_json_file(folder_ / "out" / "config.json")["architectures"][0], "BertForPreTraining");
  const auto weights = checkpoint::open_weights(folder_ / "out");
  for (const char* name :
       {"bert.pooler.dense.weight", "cls.predictions.bias", "cls.predictions.transform.dense.weight",
        "cls.predictions.transform.LayerNorm.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias"})
    EXPECT_NE(weights.find(name), nullptr) << name;
  EXPECT_EQ(weights.find("bert.embeddings.word_embeddings.weight")->shape[0] % 8, 0);
}

TEST_F(PretrainPairs, DenseSequenceOutputChangesNoResult) {
  PretrainConfig config = settings(folder_ / "dense");
  const double dense = pretrain(config)["train_loss"];
  config.dense_sequence_output = false, config.output.output_dir = folder_ / "all";
  EXPECT_NEAR(pretrain(config)["train_loss"].get<double>(), dense, 1e-4 * dense);
}

TEST_F(PretrainPairs, APausedRunEndsLikeAnUninterruptedOne) {
  pretrain(settings(folder_ / "whole"));
  PretrainConfig config = settings(folder_ / "paused");
  config.training.steps_this_run = 5;
  EXPECT_EQ(pretrain(config)["paused_at_step"], 5);
  EXPECT_FALSE(fs::exists(folder_ / "paused" / "DONE"));
  config.output.resume = true;
  EXPECT_EQ(pretrain(config)["paused_at_step"], 10);
  EXPECT_FALSE(pretrain(config).contains("paused_at_step"));
  EXPECT_EQ(weights_of(folder_ / "paused"), weights_of(folder_ / "whole"));
}

// Parquet has the rows of HDF5 in the same order, so the runs are equal; packed rows are in an order of their own.
TEST_F(PretrainPairs, EveryFormOfInstancesTrains) {
  write_file_atomically(folder_ / "vocab.txt", read_file(fs::path(tiny::bert_folder()) / "vocab.txt"));
  std::map<std::string, std::string> weights;
  for (const std::string format : {"hdf5", "parquet", "packed"}) {
    InstancesConfig instances;
    instances.input = folder_ / "shards", instances.vocab_file = folder_ / "vocab.txt";
    instances.output_file = folder_ / format, instances.form.format = format;
    instances.instances = {.max_seq_length = 32, .max_predictions_per_seq = 5};
    make_instances(instances);
    PretrainConfig config = settings(folder_ / (format + "_run"));
    config.pairs.data_dir = config.pairs.eval_dir = folder_ / format;
    EXPECT_GT(pretrain(config)["masked_accuracy"].get<double>(), 0) << format;
    weights[format] = weights_of(folder_ / (format + "_run"));
  }
  EXPECT_EQ(weights["hdf5"], weights["parquet"]);
  EXPECT_NE(weights["hdf5"], weights["packed"]);
}

TEST_F(PretrainPairs, TwoPhasesInOneCallOrInTwo) {
  PretrainConfig both = settings(folder_ / "both");
  both.second.data_dir = folder_ / "shards";
  both.second.max_seq_length = 48, both.second.max_predictions_per_seq = 8, both.second.max_steps = 6;
  both.second.learning_rate = 5e-3, both.second.per_device_train_batch_size = 8;
  both.second.gradient_accumulation_steps = 2;
  const Json results = pretrain(both);
  EXPECT_EQ(results["phase1"]["train_steps"], 12);
  EXPECT_EQ(results["phase2"]["train_steps"], 6);

  pretrain(settings(folder_ / "one"));
  PretrainConfig second = settings(folder_ / "two");
  second.init_checkpoint = folder_ / "one";
  second.corpus.rows.max_seq_length = 48, second.pairs.max_predictions_per_seq = 8;
  second.training.max_steps = 6, second.training.learning_rate = 5e-3, second.training.warmup_proportion = 0.128;
  second.training.per_device_train_batch_size = 8, second.training.gradient_accumulation_steps = 2;
  second.training.save_steps = 200;
  pretrain(second);
  EXPECT_EQ(weights_of(folder_ / "two"), weights_of(folder_ / "both" / "phase2"));

  // The moments of phase 1 count: without them the result is another.
  second.init_checkpoint.clear(), second.model.model = folder_ / "one", second.output.output_dir = folder_ / "weights";
  pretrain(second);
  EXPECT_NE(weights_of(folder_ / "weights"), weights_of(folder_ / "two"));
}

TEST_F(PretrainPairs, AFinishedFirstPhaseIsNotTrainedAgain) {
  PretrainConfig both = settings(folder_ / "both");
  both.second.data_dir = folder_ / "shards", both.second.max_seq_length = 32, both.second.max_steps = 4;
  both.second.per_device_train_batch_size = 16, both.second.gradient_accumulation_steps = 1;
  pretrain(settings(folder_ / "both" / "phase1"));
  const std::string first = weights_of(folder_ / "both" / "phase1");
  both.output.resume = true;
  EXPECT_EQ(pretrain(both)["phase2"]["train_steps"], 4);
  EXPECT_EQ(weights_of(folder_ / "both" / "phase1"), first);
}

// LAMB's step goes on at 3 as the file says, or begins anew as in a second phase; the moments count in both.
TEST_F(PretrainPairs, APublishedCheckpointIsStartedFrom) {
  const fs::path published = fs::path(RETORT_FIXTURES) / "pretraining_checkpoint";
  PretrainConfig config = settings(folder_ / "continued");
  config.model.model = published / "model";
  config.corpus.rows.max_seq_length = 16, config.pairs.max_predictions_per_seq = 3;
  config.init_checkpoint = published / "ckpt_3.pt", config.continue_steps = true;
  config.training.max_steps = 5, config.training.save_steps = 1, config.training.save_total_limit = 0;
  EXPECT_EQ(pretrain(config)["train_steps"], 5);
  EXPECT_FALSE(fs::exists(folder_ / "continued/checkpoint-3"));
  EXPECT_EQ(
      checkpoint::SafetensorsFile(folder_ / "continued/checkpoint-4/optimizer.safetensors").metadata().at("step_count"),
      "4");
  config.continue_steps = false, config.training.max_steps = 2, config.output.output_dir = folder_ / "anew";
  pretrain(config);
  EXPECT_EQ(
      checkpoint::SafetensorsFile(folder_ / "anew/checkpoint-1/optimizer.safetensors").metadata().at("step_count"),
      "1");
  config.init_checkpoint = published / "ckpt_3_half.pt", config.output.output_dir = folder_ / "half";
  pretrain(config);
  EXPECT_EQ(weights_of(folder_ / "half"), weights_of(folder_ / "anew")) << "its master parameters are the same";
  config.continue_steps = true, config.training.max_steps = 3, config.output.output_dir = folder_ / "over";
  EXPECT_NE(tiny::message_of([&] { pretrain(config); }).find("`max_steps` must be above 3"), std::string::npos);
}

TEST_F(PretrainPairs, BadInputIsNamed) {
  PretrainConfig config = settings(folder_ / "out");
  config.pairs.data_dir.clear();
  EXPECT_EQ(tiny::message_of([&] { pretrain(config); }),
            "`--data_dir` must be given with --objective mlm_nsp, but is missing");
  config.pairs.data_dir = folder_ / "nothing";
  EXPECT_NE(tiny::message_of([&] { pretrain(config); }).find("does not exist"), std::string::npos);
  config = settings(folder_ / "out2");
  config.init_checkpoint = folder_ / "shards";
  EXPECT_NE(tiny::message_of([&] { pretrain(config); }).find("must be a checkpoint, a run folder with checkpoints"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::recipe
