// Published programs that have no command here yet, each with the error message for its lines.
#include "retort/compat/missing.h"

namespace retort::compat {

std::vector<Program> missing_programs() {
  constexpr const char* kSearch =
      "a search over settings is missing; `retort compat run_squad_w_distillation.py` with the same options is one run "
      "of "
      "it";
  return {
      {.names = {"perform_distillation_prereqs.sh"},
       .whose = "NVIDIA's",
       .missing = "models and GloVe vectors are not fetched; put them into checkpoints/ and download/glove/, as the "
                  "script does"},
      {.names = {"sigopt_optimization_cli.py", "sigopt_ray_optimization_cli.py"},
       .whose = "optimizing-distilbert-squad's",
       .missing = kSearch}};
}

}  // namespace retort::compat
