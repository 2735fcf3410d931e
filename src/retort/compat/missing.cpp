// Published programs that have no command here yet: what a line of theirs is told.
#include "retort/compat/missing.h"

namespace retort::compat {

std::vector<Program> missing_programs() {
  constexpr const char* kPretraining =
      "its options are not translated; `retort pretrain --objective mlm_nsp --phase 1 --data_dir DIR1`, then `--phase "
      "2 "
      "--data_dir DIR2 --init_checkpoint OUT1`, trains on the same HDF5 files with the same settings";
  return {
      {.names = {"demo_bert.py"}, .whose = "Habana's", .verb = "pretraining", .missing = kPretraining},
      {.names = {"run_pretraining.py", "run_pretraining.sh"}, .whose = "NVIDIA's", .missing = kPretraining},
      {.names = {"create_datasets_from_start.sh"},
       .whose = "NVIDIA's",
       .missing = "nothing is downloaded; `retort data all --input DUMP.xml.bz2 --vocab_file vocab.txt --output_dir "
                  "DATA` does "
                  "its other steps"},
      {.names = {"perform_distillation_prereqs.sh"},
       .whose = "NVIDIA's",
       .missing = "models and GloVe vectors are not fetched; put them into checkpoints/ and download/glove/, as the "
                  "script does"}};
}

}  // namespace retort::compat
