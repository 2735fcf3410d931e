// What becomes of the options of each program, and of lines that cannot be translated.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "retort/compat/program.h"
#include "unit/compat/published_steps.h"

namespace retort::compat {
namespace {

const std::string kStudent = "--model_name_or_path distilbert-base-uncased ";
const std::string kWrapper = "demo_distilbert.py finetuning " + kStudent;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Translation, ProgramsHaveUniqueTables) {
  for (const Program& program : programs()) {
    EXPECT_FALSE(program.names.empty());
    EXPECT_NE(program.translate == nullptr, program.missing.empty()) << program.names.front();
    std::set<std::string> names;
    for (const Option& option : program.options)
      for (const std::string& name : words_of_line(option.names))
        EXPECT_TRUE(names.insert(name).second) << program.names.front() << " " << name;
  }
}

TEST(Translation, OfTheWrapperForwardsEverything) {
  const Json settings = settings_of_line(
      kWrapper +
      "--teacher_type bert --do_eval --train_file T --predict_file P --alpha_ce 0.9 --alpha_squad 0.1 --temperature 4 "
      "--learning_rate 1e-4 --per_gpu_train_batch_size 16 --max_seq_length 256 --version_2_with_negative --seed 7 "
      "--optimizer AdamW --mode lazy --data_type fp32 --hmp_opt_level O1 --world_size 8");
  const Json expected{{"teacher", "bert-base-uncased"},
                      {"train_file", "T"},
                      {"dev_file", "P"},
                      {"alpha_ce", 0.9},
                      {"alpha_squad", 0.1},
                      {"temperature", 4.0},
                      {"learning_rate", 1e-4},
                      {"per_device_train_batch_size", 16},
                      {"max_seq_length", 256},
                      {"version_2_with_negative", true},
                      {"seed", 7},
                      {"optimizer", "adamw"},
                      {"mode", "lazy"},
                      {"precision", "fp32"},
                      {"gradient_accumulation_steps", 8}};
  for (const auto& [name, value] : expected.items()) EXPECT_EQ(settings.at(name), value) << name;
}

TEST(Translation, OpListsAreForwarded) {
  const std::string lists =
      " --hmp_bf16 ./ops_bf16_distilbert.txt --hmp_fp32 own/fp32.txt --hmp_opt_level O2 --hmp_verbose";
  for (const std::string& line :
       {kWrapper + "--train_file T --data_type bf16",
        std::string("demo_bert.py finetuning --model_name_or_path base --data_type bf16 --data_dir D"),
        std::string("demo_bert.py pretraining --model_name_or_path base --data_type bf16 --data_dir A B --phase 1"),
        std::string("run_pretraining.py --do_train --input_dir D --output_dir O --config_file C --hmp"),
        std::string("run_squad_w_distillation.py --model_type distilbert --model_name_or_path M --output_dir O "
                    "--do_train --train_file T --teacher_type bert --teacher_name_or_path B --hmp")}) {
    const Json settings = settings_of_line(line + lists);
    EXPECT_EQ(settings.at("precision"), "bf16") << line;
    EXPECT_EQ(settings.at("hmp_bf16"), "distilbert") << "the packaged file is not there: " << line;
    EXPECT_EQ(settings.at("hmp_fp32"), "own/fp32.txt") << line;
    EXPECT_EQ(settings.at("hmp_opt_level"), "O2") << line;
    EXPECT_EQ(settings.at("hmp_verbose"), true) << line;
    EXPECT_EQ(settings_of_line(line).at("hmp_bf16"), "bert") << line;
  }
}

TEST(Translation, TheLossScaleIsForwarded) {
  const std::string line = "run_pretraining.py --do_train --input_dir D --output_dir O --config_file C --fp16";
  EXPECT_EQ(settings_of_line(line).at("loss_scale"), 0.0);
  EXPECT_EQ(settings_of_line(line).at("init_loss_scale"), 1048576.0);
  EXPECT_EQ(settings_of_line(line + " --loss_scale 128 --init_loss_scale 4096").at("loss_scale"), 128.0);
  EXPECT_EQ(settings_of_line(line + " --loss_scale 128 --init_loss_scale 4096").at("init_loss_scale"), 4096.0);
}

TEST(Translation, AccountTellsWhatEachOptionBecame) {
  const std::string account =
      account_of_line(kWrapper + "--train_file T --predict_file P --do_eval --mode lazy --data_type fp32");
  EXPECT_TRUE(account.starts_with("Habana's demo_distilbert.py finetuning\n")) << account;
  EXPECT_TRUE(contains(account, "\n  as they are: --train_file\n")) << account;
  EXPECT_TRUE(contains(account, "--mode lazy is --mode lazy")) << account;
  EXPECT_TRUE(contains(account, "--predict_file P is --dev_file P")) << account;
  EXPECT_TRUE(contains(account, "--data_type fp32 is --precision fp32")) << account;
  EXPECT_TRUE(contains(account, "published defaults: ") && contains(account, "--save_steps 50")) << account;
}

TEST(Translation, ATeacherNeedsItsTypeAndAType) {
  const std::string line =
      "run_squad_w_distillation.py --model_type distilbert --output_dir O --do_train --train_file T " + kStudent;
  EXPECT_TRUE(contains(line_error(line + "--teacher_type bert"),
                       "`--teacher_name_or_path` must be given with `--teacher_type bert`, but is missing"));
  EXPECT_TRUE(contains(line_error(line + "--teacher_type distilbert --teacher_name_or_path B"),
                       "`--teacher_type` must not be distilbert"));
  EXPECT_TRUE(contains(line_error(line + "--teacher_type xlnet --teacher_name_or_path B"),
                       "`--teacher_type` must be bert or distilbert, but is `xlnet`"));
  EXPECT_EQ(settings_of_line(line + "--teacher_name_or_path B").at("teacher"), "");
}

TEST(Translation, DoEvalAloneEvaluates) {
  for (const char* const line :
       {"run_squad.py --model_type bert --model_name_or_path M --output_dir O --do_eval --predict_file P",
        "run_squad_w_distillation.py --model_type bert --model_name_or_path M --output_dir O --do_eval --predict_file "
        "P",
        "run_squad_w_distillation.py --model_name_or_path M --output_dir O --do_train false --predict_file P",
        "run_squad.py --bert_model b --init_checkpoint M --vocab_file V --config_file F --output_dir O --do_predict "
        "--predict_file P"}) {
    EXPECT_EQ(command_of_line(line), "evaluate squad") << line;
    EXPECT_EQ(settings_of_line(line).at("model"), "M") << line;
    EXPECT_EQ(settings_of_line(line).at("dev_file"), "P") << line;
  }
  const std::string glue = "run_glue.py --model_name_or_path M --task_name mrpc --data_dir D --output_dir O ";
  EXPECT_EQ(command_of_line(glue + "--do_eval"), "evaluate glue");
  EXPECT_EQ(settings_of_line(glue + "--do_predict").at("do_predict"), true);
  EXPECT_TRUE(contains(line_error(glue), "but none is: the published program would do nothing"));
  EXPECT_EQ(
      command_of_line("task_distill.py --data_dir D --student_model S --task_name SQuADv1.1 --output_dir O --do_eval"),
      "evaluate squad");
}

TEST(Translation, WithoutDoEvalNothingIsEvaluated) {
  const std::string line =
      "run_squad.py --model_type bert --model_name_or_path M --output_dir O --do_train --data_dir D";
  EXPECT_EQ(settings_of_line(line).at("dev_file"), "");
  EXPECT_EQ(settings_of_line(line).at("train_file"), "D/train-v1.1.json");
  EXPECT_EQ(settings_of_line(line + " --do_eval --version_2_with_negative").at("dev_file"), "D/dev-v2.0.json");
}

TEST(Translation, EvaluationWhileTrainingFollowsLogging) {
  const Json settings = settings_of_line(
      "run_squad.py --model_type bert --model_name_or_path M --output_dir O --do_train --do_eval --train_file T "
      "--predict_file P --evaluate_during_training --logging_steps 20");
  EXPECT_EQ(settings.at("evaluate_during_training"), true);
  EXPECT_EQ(settings.at("eval_steps"), 20);
  // Both programs of distillation, with their default of logging_steps.
  for (const auto& [line, steps] :
       {std::pair("demo_distilbert.py finetuning --model_name_or_path M --train_file T --predict_file P --do_eval "
                  "--evaluate_during_training",
                  50),
        {"run_squad_w_distillation.py --train_file T --predict_file P --output_dir O", 1000}}) {
    EXPECT_EQ(settings_of_line(line).at("evaluate_during_training"), true) << line;
    EXPECT_EQ(settings_of_line(line).at("eval_steps"), steps) << line;
  }
}

TEST(Translation, NoCudaIsTheProcessor) {
  for (const char* line :
       {"run_squad.py --bert_model b --init_checkpoint C --vocab_file V --config_file F --output_dir O --do_train "
        "--train_file T",
        "run_squad.py --model_type bert --model_name_or_path M --output_dir O --do_train --data_dir D",
        "inference.py --bert_model b --init_checkpoint C --vocab_file V --config_file F --question Q --context X",
        "task_distill.py --data_dir D --student_model S --teacher_model T --task_name SQuADv1.1 --output_dir O"}) {
    EXPECT_EQ(settings_of_line(line).at("device"), "auto") << line;
    EXPECT_EQ(settings_of_line(line + std::string(" --no_cuda")).at("device"), "cpu") << line;
  }
}

TEST(Translation, NvidiaDividesTheBatch) {
  const std::string line =
      "run_squad.py --bert_model b --init_checkpoint C --vocab_file V --config_file F --output_dir O --do_train "
      "--train_file T --train_batch_size 32 --gradient_accumulation_steps ";
  EXPECT_EQ(settings_of_line(line + "4").at("per_device_train_batch_size"), 8);
  EXPECT_EQ(settings_of_line(line + "4").at("gradient_accumulation_steps"), 4);
  EXPECT_TRUE(contains(line_error(line + "5"),
                       "`--train_batch_size` must be a multiple of `--gradient_accumulation_steps`, 5, but is 32"));
  const Json half = settings_of_line(line + "1 --fp16");
  EXPECT_EQ(half.at("optimizer"), "bertadam") << "as apex's fused Adam: no bias correction, decay inside the update";
  EXPECT_EQ(half.at("lr_scheduler_type"), "nvidia_linear");
  EXPECT_EQ(half.at("adam_epsilon"), 1e-8);
  EXPECT_EQ(half.at("precision"), "auto");
}

TEST(Translation, ShortFormsOfTheWrapper) {
  const Json settings = settings_of_line(
      "demo_bert.py finetuning --model_name_or_path base --data_type fp32 -p D -t squad -o /out -r 3e-5 -s 384 -b 12 "
      "-e 2 "
      "-tf train.json -pf dev.json -l 5 --do_eval --dist");
  EXPECT_EQ(settings.at("train_file"), "D/train.json");
  EXPECT_EQ(settings.at("dev_file"), "D/dev.json");
  EXPECT_EQ(settings.at("output_dir"), "/out/squad");
  EXPECT_EQ(settings.at("learning_rate"), 3e-5);
  EXPECT_EQ(settings.at("per_device_train_batch_size"), 12);
  EXPECT_EQ(settings.at("logging_steps"), 5);
  EXPECT_EQ(settings.at("gradient_accumulation_steps"), 8) << "--dist alone is 8 processes";
}

TEST(Translation, StudentsOfOptimizingDistilbertSquad) {
  const std::string line = "run_squad_w_distillation.py --train_file T --output_dir O ";
  const Json semi = settings_of_line(line + "--n_layers 4 --n_heads 8");
  EXPECT_EQ(semi.at("n_layers"), 4);
  EXPECT_EQ(semi.at("n_heads"), 8);
  EXPECT_EQ(semi.at("dim"), 0) << "that of the weights";
  const Json scratch = settings_of_line(line + "--load_student_semi_pretrained false");
  EXPECT_EQ(scratch.at("from_scratch"), true);
  EXPECT_EQ(scratch.at("n_heads"), 12);
  EXPECT_EQ(scratch.at("dim"), 768);
  EXPECT_EQ(scratch.at("hidden_dim"), 3072);
  const Json pretrained = settings_of_line(line + "--load_student_pretrained");
  EXPECT_EQ(pretrained.at("n_layers"), 0);
  EXPECT_EQ(pretrained.at("dropout"), -1.0);
}

TEST(Translation, TheSearchOfOptimizingDistilbertSquadIsTune) {
  const std::vector<std::string> words{"sigopt_ray_optimization_cli.py",
                                       "--model_type",
                                       "distilbert",
                                       "--teacher_type",
                                       "bert",
                                       "--teacher_name_or_path",
                                       "T",
                                       "--train_file",
                                       "t.json",
                                       "--predict_file",
                                       "d.json",
                                       "--num_train_epochs",
                                       "3",
                                       "--experiment_name",
                                       "E",
                                       "--project_name",
                                       "P",
                                       "--use_hpo_default_ranges",
                                       "--api_token",
                                       "X",
                                       "--output_dir",
                                       "/o/D",
                                       "--overwrite_output_dir",
                                       "--sigopt_observation_budget",
                                       "479",
                                       "--parallel",
                                       "20",
                                       "--max_concurrent",
                                       "20",
                                       "--num_cpu",
                                       "8",
                                       "--num_gpu",
                                       "1",
                                       "--store_s3",
                                       "--s3_bucket",
                                       "B",
                                       "--ray_address",
                                       "A",
                                       "--cache_s3_bucket",
                                       "C",
                                       "--train_cache_s3_directory",
                                       "features/train",
                                       "--eval_cache_s3_directory",
                                       "features/dev"};
  const Translation translation = translate(words);
  ASSERT_EQ(translation.steps.size(), 1U);
  const Step& step = translation.steps[0];
  EXPECT_EQ(step.command, "tune");
  for (const auto& [flag, value] :
       std::map<std::string, std::string>{{"space", "distilbert-squad2"},
                                          {"study_name", "E"},
                                          {"trials", "479"},
                                          {"parallel", "20"},
                                          {"max_concurrent", "20"},
                                          {"num_cpu", "8"},
                                          {"num_gpu", "1"},
                                          {"ray_address", "A"},
                                          {"trials_dir", "s3://B/D"},
                                          {"cache_sources", "s3://C/features/train,s3://C/features/dev"},
                                          {"keep", "all"},
                                          {"output_dir", "/o/D"},
                                          {"model", "distilbert-base-uncased"},
                                          {"teacher", "T"},
                                          {"train_file", "t.json"},
                                          {"dev_file", "d.json"},
                                          {"version_2_with_negative", "true"},
                                          {"eval_steps", "1000"},
                                          {"seed", ""},
                                          {"overwrite_output_dir", ""},
                                          {"from_scratch", ""},
                                          {"learning_rate", ""},
                                          {"api_token", ""}})
    EXPECT_EQ(step.get(flag), value) << flag;
}

TEST(Translation, ASearchWithoutRangesOrWithNothingToDrawIsRefused) {
  const std::string line = "sigopt_optimization_cli.py --output_dir O --sigopt_observation_budget 5 --train_file T ";
  EXPECT_TRUE(contains(line_error(line + "--use_hpo_default_ranges"), "`--teacher_type` must be given"));
  const std::string whole = line + "--teacher_type bert --teacher_name_or_path B ";
  EXPECT_TRUE(contains(line_error(whole), "`--use_hpo_default_ranges` must be given"));
  EXPECT_TRUE(contains(line_error(whole + "--use_hpo_default_ranges --store_s3"), "`--s3_bucket` must be given"));
  EXPECT_TRUE(contains(line_error(whole + "--use_hpo_default_ranges --load_student_pretrained"), "the search draws"));
}

TEST(Translation, FilesOfDistilBertFollowEachOther) {
  EXPECT_EQ(settings_of_line("scripts/binarized_data.py --file_path F --bert_tokenizer bert-base-uncased --dump_file "
                             "data/binarized_text")
                .at("output_file"),
            "data/binarized_text.bert-base-uncased.pickle");
  const std::string train = "train.py --dump_path O --data_file D --token_counts C ";
  const Json started = settings_of_line(train + "--from_pretrained_weights W.pth --from_pretrained_config C.json");
  EXPECT_EQ(started.at("model"), "W.pth");
  EXPECT_EQ(started.at("config_file"), "C.json");
  EXPECT_EQ(started.at("n_layers"), 0);
  EXPECT_TRUE(contains(line_error(train + "--from_pretrained_weights W.pth"),
                       "`--from_pretrained_config` must be given, but is missing"));
  EXPECT_EQ(settings_of_line(train + "--sinusoidal_pos_embds").at("sinusoidal_pos_embds"), false);
  EXPECT_EQ(settings_of_line(train + "--group_by_size --force").at("group_by_length"), false);
  for (const char* const option : {"--tie_weights_", "--shuffle", "--tokens_per_batch 4096"})
    EXPECT_TRUE(contains(line_error(train + option), "cannot be honored")) << option;
}

TEST(Translation, ScriptBecomesItsEightCommands) {
  const Translation translation = translate({"run_e2e_distillation.sh"});
  std::vector<std::string> commands;
  for (const Step& step : translation.steps) commands.push_back(step.command);
  EXPECT_EQ(commands, (std::vector<std::string>{"distill backbone", "distill backbone", "data augment squad",
                                                "distill backbone", "distill prediction", "data augment glue",
                                                "distill backbone", "distill prediction"}));
  struct Stage {
    size_t step;
    Json settings;
  };
  for (const Stage& stage :
       {Stage{0, {{"max_steps", 68616}, {"learning_rate", 1e-4}, {"max_seq_length", 128}}},
        Stage{1, {{"max_steps", 6861}, {"max_seq_length", 512}, {"model", "checkpoints/nv_distill_p1"}}},
        Stage{3, {{"num_train_epochs", 9.0}, {"learning_rate", 5e-5}, {"lr_scheduler_type", "constant"}}},
        Stage{4, {{"num_train_epochs", 10.0}, {"learning_rate", 3e-5}, {"eval_steps", 2000}}},
        Stage{6, {{"num_train_epochs", 10.0}, {"model", "checkpoints/nv_distill_p1"}}},
        Stage{7, {{"num_train_epochs", 3.0}, {"learning_rate", 3e-5}, {"eval_steps", 100}}}}) {
    const Json settings = settings_of_step(translation.steps[stage.step]);
    EXPECT_EQ(settings.at("gradient_accumulation_steps"), 8) << stage.step;
    EXPECT_EQ(settings.at("seed"), 1) << stage.step;
    EXPECT_EQ(settings.at("precision"), "auto") << stage.step;
    for (const auto& [name, value] : stage.settings.items()) EXPECT_EQ(settings.at(name), value) << stage.step << name;
  }
}

const std::string kPretraining =
    "demo_bert.py pretraining --model_name_or_path large --data_type fp32 --data_dir D1 D2 -o O ";

std::vector<Json> settings_of_steps(const std::string& line) {
  std::vector<Json> all;
  for (const Step& step : translate(words_of_line(line)).steps) all.push_back(settings_of_step(step));
  return all;
}

TEST(Translation, BothPhasesOfPretrainingFollowEachOther) {
  const auto phases = settings_of_steps(
      kPretraining +
      "--batch_size 32 4 --accumulate_gradients --world_size 8 --dist --warmup 0.1 0.2 --max_steps 70 15");
  ASSERT_EQ(phases.size(), 2U);
  EXPECT_EQ(phases[0].at("output_dir"), "O/results/checkpoints/phase1");
  EXPECT_EQ(phases[1].at("init_checkpoint"), "O/results/checkpoints/phase1");
  EXPECT_EQ(phases[0].at("data_dir"), "D1");
  EXPECT_EQ(phases[1].at("data_dir"), "D2");
  EXPECT_EQ(phases[0].at("per_device_train_batch_size"), 32);
  EXPECT_EQ(phases[0].at("gradient_accumulation_steps"), 256 * 8) << "8 processes";
  EXPECT_EQ(phases[1].at("gradient_accumulation_steps"), 1024 * 8);
  EXPECT_EQ(phases[0].at("warmup_proportion"), 0.1);
  EXPECT_EQ(phases[1].at("warmup_proportion"), 0.2);
  EXPECT_EQ(phases[1].at("max_steps"), 15);
}

TEST(Translation, CheckpointsOfPretrainingMayBeGiven) {
  const auto phases = settings_of_steps(kPretraining + "--init_checkpoint None C.pt");
  EXPECT_EQ(phases.at(0).at("init_checkpoint"), "");
  EXPECT_EQ(phases.at(1).at("init_checkpoint"), "C.pt");
  const std::string program = "run_pretraining.py --do_train --input_dir D --config_file F --output_dir O --phase2 ";
  EXPECT_EQ(settings_of_line(program).at("init_checkpoint"), "") << "phase 2 by itself, as in the published program";
  EXPECT_EQ(settings_of_line(program + "--resume_from_checkpoint").at("init_checkpoint"), "O/phase1");
  EXPECT_EQ(settings_of_line(program + "--resume_from_checkpoint").at("output_dir"), "O/phase2");
}

TEST(Translation, PhaseTwoWaitsForAPausedPhaseOne) {
  const auto phases = settings_of_steps(kPretraining + "--steps_this_run 5 -1 --max_steps 10 10");
  ASSERT_EQ(phases.size(), 1U);
  EXPECT_EQ(phases[0].at("steps_this_run"), 5);
  EXPECT_EQ(settings_of_steps(kPretraining + "--steps_this_run 10 -1 --max_steps 10 10").size(), 2U);
}

TEST(Translation, ScriptOfPretrainingHasItsArgumentsInOrder) {
  const auto phases =
      settings_of_steps("bash scripts/run_pretraining.sh 4096 5e-3 fp32 4 0.2 700 100 false true true 64");
  ASSERT_EQ(phases.size(), 2U);
  EXPECT_EQ(phases[0].at("per_device_train_batch_size"), 64);
  EXPECT_EQ(phases[0].at("gradient_accumulation_steps"), 64 * 4);
  EXPECT_EQ(phases[0].at("learning_rate"), 5e-3);
  EXPECT_EQ(phases[0].at("max_steps"), 700);
  EXPECT_EQ(phases[0].at("seed"), 12439);
  EXPECT_EQ(phases[0].at("precision"), "fp32");
  EXPECT_EQ(phases[0].at("data_dir"),
            "data/hdf5_lower_case_1_seq_len_128_max_pred_20_masked_lm_prob_0.15_random_seed_12345_dupe_factor_5/"
            "wikicorpus_en");
  EXPECT_EQ(phases[1].at("max_seq_length"), 512);
  EXPECT_EQ(phases[1].at("max_steps"), 1563);
  EXPECT_EQ(phases[1].at("gradient_accumulation_steps"), 512 * 4);
  EXPECT_EQ(phases[1].at("init_checkpoint"), "/workspace/bert/results/checkpoints/phase1");
}

TEST(Translation, LinesOfPretrainingThatCannotBeHonored) {
  EXPECT_TRUE(contains(line_error("demo_bert.py pretraining --model_name_or_path large --data_type fp32 --data_dir D"),
                       "`--data_dir` must be followed by two values, of phase 1 and of phase 2, but is not"));
  EXPECT_TRUE(contains(line_error(kPretraining + "--batch_size 100 8 --accumulate_gradients"),
                       "`--train_batch_size` must be a multiple of `--batch_size`, 100 of phase 1, but is 8192"));
  EXPECT_TRUE(contains(line_error(kPretraining + "--batch_size 0 8"), "`--batch_size` must be above 0, but is 0"));
  EXPECT_TRUE(contains(line_error("run_pretraining.py --input_dir D --config_file F --output_dir O"),
                       "`--do_train` must be given, but is missing"));
}

TEST(Translation, StepsOfBertPrepFollowEachOther) {
  const std::string program = "python3 /workspace/bert/data/bertPrep.py --dataset wikicorpus_en --action ";
  EXPECT_EQ(settings_of_line(program + "text_formatting").at("output_dir"), "data/extracted/wikicorpus_en");
  const auto sharding = settings_of_steps(program + "sharding --n_training_shards 3 --n_test_shards 2");
  ASSERT_EQ(sharding.size(), 2U);
  EXPECT_EQ(sharding[0].at("input"), "data/extracted/wikicorpus_en");
  EXPECT_EQ(sharding[1].at("input"), sharding[0].at("output_file"));
  EXPECT_EQ(sharding[1].at("output_dir"), "data/sharded_training_shards_3_test_shards_2_fraction_0.1/wikicorpus_en");
  EXPECT_EQ(settings_of_steps("bertPrep.py --action sharding --dataset books_wiki_en_corpus")[0].at("input"),
            "data/formatted_one_article_per_line/bookscorpus_one_book_per_line.txt,data/extracted/wikicorpus_en");
  EXPECT_TRUE(contains(line_error(program + "download"), "nothing is downloaded"));
  EXPECT_TRUE(contains(line_error(program + "create_hdf5_files"), "`--vocab_file` must be given"));
  EXPECT_TRUE(contains(line_error("create_datasets_from_start.sh wiki_books"),
                       "`data/download/wikicorpus_en/wikicorpus_en.xml` must hold the pages-articles dump"));
}

TEST(Translation, FormsOfAProgramAreToldApart) {
  EXPECT_TRUE(contains(line_error("run_squad.py --bert_model b --init_checkpoint C --vocab_file V --config_file F "
                                  "--output_dir O --do_train --train_flie T"),
                       "NVIDIA's run_squad.py:\nunknown option `--train_flie`, did you mean `--train_file`?"));
  EXPECT_TRUE(contains(
      line_error("run_squad.py --model_type bert --model_name_or_path M --output_dir O --do_train --train_flie T"),
      "Hugging Face's run_squad.py:\nunknown option `--train_flie`, did you mean `--train_file`?"));
}

TEST(Translation, WhatIsMissingIsSaid) {
  EXPECT_EQ(line_error("demo_bert.py"),
            "`demo_bert.py` must be followed by finetuning or pretraining, but stands alone");
  EXPECT_TRUE(contains(line_error("utils/perform_distillation_prereqs.sh"), "has no command here"));
  EXPECT_TRUE(
      contains(line_error("sigopt_optimization_cli.py --api_token T"), "`--sigopt_observation_budget` must be given"));
  EXPECT_EQ(line_error("run_squat.py"),
            "`run_squat.py` must be one of the published programs, but is not; did you mean "
            "`run_squad.py`?");
}

TEST(Translation, LinesAreQuotedForAShell) {
  EXPECT_EQ(shell_line({"finetune", "squad", "--model", "a b", "--x", "", "it's"}),
            "finetune squad --model 'a b' --x '' 'it'\\''s'");
}

}  // namespace
}  // namespace retort::compat
