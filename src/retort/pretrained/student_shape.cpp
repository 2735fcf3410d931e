#include "retort/pretrained/student_shape.h"

namespace retort::pretrained {

void StudentShape::fields(FieldList& list) {
  list.group("Student");
  list.add("n_layers", n_layers,
           {.help = "Layers of the student: the first of the model's, and further ones with random weights; 0: as "
                    "config.json says.",
            .unit = "layers",
            .min = 0,
            .max = 512});
  list.add("n_heads", n_heads,
           {.help = "Attention heads of each layer: a random choice of the model's, by pruning; without weights its "
                    "number of heads; 0: as config.json says.",
            .unit = "heads",
            .min = 0,
            .max = 1000});
  list.add("pruning_seed", pruning_seed, {.help = "Seed of that choice, as Python's random takes it.", .min = 0});
  const auto add_size = [&](const char* name, int64_t& size, const char* what) {
    list.add(name, size,
             {.help = std::string(what) + ", of a student without weights; 0: as config.json says.", .min = 0});
  };
  add_size("dim", dim, "Width of hidden states");
  add_size("hidden_dim", hidden_dim, "Width between the two products of a layer's feed-forward part");
  add_size("max_position_embeddings", max_position_embeddings, "Longest sequence that it takes");
  list.add("activation", activation, {.help = "Activation function of the student; empty: as config.json says."});
  list.add("sinusoidal_pos_embds", sinusoidal_pos_embds,
           {.help = "DistilBERT: whether positions are fixed, to the sinusoidal table where there are no weights; not "
                    "given: as config.json says."});
  list.add("from_scratch", from_scratch,
           {.help = "Start from random weights: the model folder gives its sizes and its vocabulary alone."});
}

}  // namespace retort::pretrained
