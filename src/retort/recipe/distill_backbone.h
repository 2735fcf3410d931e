// Trains a student encoder to match the teacher's internal states: attention scores, hidden states, value relations.
//   retort distill backbone --task_name squad --data_dir DIR --model STUDENT --teacher TEACHER --output_dir OUT
//   retort distill backbone --data_file corpus.tokens --model preset:bert-4l-312d --vocab_file vocab.txt ...
// Reads two model folders (the student may be preset:NAME, or a folder with only configuration and vocabulary) and a
// token file or a task's training files, whose labels it ignores; writes a model folder without a head and, if the
// hidden sizes differ, the projection, which the next stage continues to train. Source: Jiao et al. 2020; Wang et al.
// 2020.
#pragma once

#include "retort/data/corpus/token_rows.h"
#include "retort/distill/state_distillation_config.h"
#include "retort/distill/teacher_config.h"
#include "retort/pretrained/model_source.h"
#include "retort/task/task_config.h"
#include "retort/train/training_config.h"

namespace retort::recipe {

struct DistillBackboneConfig {
  pretrained::ModelSource model;  // the student
  distill::TeacherConfig teacher;
  distill::StateDistillationConfig states;
  task::TaskDataConfig data;
  std::string data_file;  // a token file instead of a task
  data::TokenRowOptions corpus;
  train::TrainingConfig training;
  train::OutputConfig output;

  DistillBackboneConfig() {
    task::use_task_defaults(training);
    training.num_train_epochs = 0;
    training.lr_scheduler_type = "constant";
    training.save_steps = 50;
    data.is_task_required = false;
    teacher.teacher_cache = "off";  // states take thousands of values per token
  }
  void fields(FieldList& list) {
    model.training_fields(list);
    teacher.fields(list, {.is_scored = false});
    states.fields(list);
    data.fields(list);
    list.group("Corpus");
    list.add(
        "data_file", data_file,
        {.help = "Instead of a task: a token file; see `retort data binarize`. max_seq_length is then 128 unless it "
                 "is given."});
    list.add("min_seq_length", corpus.min_seq_length,
             {.help = "Shorter sequences of data_file are omitted.", .min = 1});
    list.add("max_unknown_share", corpus.max_unknown_share,
             {.help = "Sequences of data_file with this share of [UNK] or more are omitted.", .min = 0});
    training.fields(list);
    list.find("num_train_epochs")->spec.help =
        "Epochs; 0: the number that Jiao et al. recommend for the states of a task (50 for cola, 20 "
        "for mrpc, rte and sts-b, 10 for sst-2 and qnli, 6 for squad, 5 for mnli and qqp), and 3 for a corpus.";
    list.find("lr_scheduler_type")->spec.help += " With data_file: nvidia_linear unless it is given.";
    list.find("warmup_proportion")->spec.help += " With data_file: 0.1 unless a warm-up or schedule is given.";
    for (const char* const name : {"logging_steps", "save_steps"})
      list.find(name)->spec.help += " With data_file: 1000 unless it is given.";
    output.fields(list);
  }
  // What the published program does on a corpus, where the flags are not given: a linear schedule with a warm-up, and
  // longer intervals than on a task.
  void after_parsing(FieldList& list) {
    if (data_file.empty()) return;
    const auto is_set = [&](const char* name) { return list.find(name)->was_set; };
    const bool has_schedule = is_set("lr_scheduler_type");
    if (!has_schedule) training.lr_scheduler_type = "nvidia_linear";
    if (!has_schedule && !is_set("warmup_proportion") && !is_set("warmup_steps")) training.warmup_proportion = 0.1;
    if (!is_set("logging_steps")) training.logging_steps = 1000;
    if (!is_set("save_steps")) training.save_steps = 1000;
  }
};

// Returns the rates in results.json.
Json distill_backbone(const DistillBackboneConfig& config);

}  // namespace retort::recipe
