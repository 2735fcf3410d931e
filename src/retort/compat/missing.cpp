// Published programs that have no command here yet, each with the error message for its lines.
#include "retort/compat/missing.h"

namespace retort::compat {

std::vector<Program> missing_programs() {
  return {{.names = {"perform_distillation_prereqs.sh"},
           .whose = "NVIDIA's",
           .missing =
               "models and GloVe vectors are not fetched; put them into checkpoints/ and download/glove/, as the "
               "script does"}};
}

}  // namespace retort::compat
