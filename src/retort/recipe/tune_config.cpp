#include "retort/recipe/tune_config.h"

namespace retort::recipe {

namespace {

void search_fields(TuneConfig& config, FieldList& list) {
  list.group("Search");
  list.add("space", config.space,
           {.help = "The search space, a JSON file: the command of a trial, its parameters with their ranges, "
                    "objectives and constraints (docs/search.md). Flags of that command may follow ours: they hold for "
                    "every trial.",
            .required = true});
  list.add("trials", config.trials, {.help = "Trials of the study, failed ones included.", .min = 0, .required = true});
  list.add("sampler", config.sampler,
           {.help = "What chooses the next trial. auto: gp where Python can import torch and scipy, the space has no "
                    "conditions and at most 300 trials are asked for; else tpe.",
            .choices = {"auto", "tpe", "gp", "nsga2", "nsga3", "qmc", "random", "grid"}});
  list.add("seed", config.seed, {.help = "Seed of the sampler.", .min = 0, .max = 4294967295.});
  list.add("quasi_random_trials", config.quasi_random_trials,
           {.help = "Trials spread evenly over the space, after the first one, the space's default.",
            .min = 0,
            .max = 10000});
  list.add("prune", config.prune,
           {.help = "Stop a trial whose evaluation during training lies below that of every trial on the Pareto front "
                    "of equal or smaller size at that step."});
  list.add("trial_seconds", config.trial_seconds,
           {.help = "Time limit of a trial; 0: none.", .unit = "seconds", .min = 0});
}

void study_fields(TuneConfig& config, FieldList& list) {
  list.group("Study");
  list.add(
      "study_name", config.study_name,
      {.help = "Name of the study in its storage. One of this name is continued.", .aliases = {"experiment_name"}});
  list.add("storage", config.storage,
           {.help = "Where the study is: sqlite:///FILE, journal:///FILE or postgresql://...; default: study.db in "
                    "output_dir."});
  list.add("heartbeat_seconds", config.heartbeat_seconds,
           {.help = "How often a running trial is signed in the storage; three missed signatures fail it.",
            .unit = "seconds",
            .min = 1});
  list.add(
      "storage_seconds", config.storage_seconds,
      {.help = "How long a locked or full storage is retried before the search stops.", .unit = "seconds", .min = 0});
}

void machine_fields(TuneConfig& config, FieldList& list) {
  list.group("Machines");
  list.add(
      "parallel", config.parallel,
      {.help = "Trials at the same time on this machine, each with its share of the cores and with one of the GPUs.",
       .min = 1,
       .max = 1024});
  list.add("ray_address", config.ray_address,
           {.help = "A running Ray cluster whose machines do the trials: HOST:PORT, ray://HOST:PORT or auto."});
  list.add("num_cpu", config.num_cpu,
           {.help = "Cores of a trial on the cluster, and its threads.", .unit = "cores", .min = 1, .max = 1024});
  list.add("num_gpu", config.num_gpu, {.help = "GPUs of a trial on the cluster.", .min = 0, .max = 1024});
  list.add("max_concurrent", config.max_concurrent,
           {.help = "Trials at the same time on the cluster; 0: parallel.", .min = 0, .max = 10000});
  list.add("ray_program", config.ray_program,
           {.help = "Path of the program on the machines of the cluster; default: its path on this machine."});
  constexpr const char* kNoRayTune = "trials are tasks of Ray without Ray Tune, which leaves no folder of its own";
  list.accept({.name = "clean_raytune_output", .takes_value = false, .reason = kNoRayTune});
  list.accept({.name = "raytune_output_directory", .takes_value = true, .reason = kNoRayTune});
}

}  // namespace

void TuneConfig::fields(FieldList& list) {
  search_fields(*this, list);
  study_fields(*this, list);
  machine_fields(*this, list);
  list.group("Output");
  list.add("output_dir", output_dir,
           {.help = "Folder for report.html, front.json, trials.csv and the trials.", .required = true});
  list.add("trials_dir", trials_dir,
           {.help = "Folder for the trials' folders, also s3://BUCKET/PATH; default: trials in output_dir."});
  list.add(
      "keep", keep,
      {.help = "The trained models to keep: of the trial with the best first objective, of the Pareto front, or all. "
               "Settings, logs and results are always kept.",
       .choices = {"best", "front", "all"}});
}

}  // namespace retort::recipe
