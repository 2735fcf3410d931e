#include "retort/corpus/instance_form.h"

#include <algorithm>

#include "retort/base/error.h"

namespace retort::corpus {

void InstanceForm::fields(FieldList& list) {
  list.add("format", format,
           {.help = "hdf5: an instance a row; packed: HDF5, several a row; parquet: the layout of LDDL.",
            .choices = {"hdf5", "packed", "parquet"}});
  list.add("max_sequences_per_pack", max_sequences_per_pack,
           {.help = "Most instances of a row, with --format packed.", .unit = "instances", .min = 2, .max = 3});
  list.add("masking", masking,
           {.help = "static: masks are in the file; dynamic, with --format parquet: the trainer draws them.",
            .choices = {"static", "dynamic"}});
  list.add("bin_size", bin_size,
           {.help = "With --format parquet: a file for each range of so many lengths; 0: one file.",
            .unit = "tokens",
            .min = 0});
}

void InstanceForm::check(const InstanceOptions& options) const {
  const bool is_parquet = format == "parquet";
  if (!is_parquet && masking == "dynamic")
    throw UserError("`masking` must be static with --format {}, but is dynamic; HDF5 files hold masks", format);
  if (!is_parquet && bin_size > 0)
    throw UserError("`bin_size` must be 0 with --format {}, but is {}; only Parquet files have bins", format, bin_size);
  if (bin_size > 0 && options.max_seq_length % bin_size != 0)
    throw UserError("`bin_size` must divide `max_seq_length`, {}, but is {}", options.max_seq_length, bin_size);
  if (is_parquet && options.max_seq_length > 65535)
    throw UserError("`max_seq_length` must be at most 65535 with --format parquet, but is {}", options.max_seq_length);
  // The predictions of the instances of a full row, each rounded up by at most a half, must end before the last place.
  const auto row_predictions =
      static_cast<int64_t>(options.masked_lm_prob * static_cast<double>(options.max_seq_length) +
                           0.5 * static_cast<double>(max_sequences_per_pack));
  const int64_t places = options.max_predictions_per_seq + max_sequences_per_pack - 1;
  const int64_t most = std::min(max_sequences_per_pack * options.max_predictions_per_seq,
                                std::max(row_predictions, max_sequences_per_pack));
  if (format == "packed" && most > places)
    throw UserError(
        "`max_predictions_per_seq` must be at least {} with --format packed and this `masked_lm_prob`, but is {}: a "
        "row "
        "has so many places for the predictions of all its instances",
        most - max_sequences_per_pack + 1, options.max_predictions_per_seq);
}

std::vector<fs::path> InstanceForm::files_of(const fs::path& output, const InstanceOptions& options) const {
  if (bin_size == 0) return {output};
  std::vector<fs::path> files;
  for (int64_t bin = 0; bin < bin_count(options); ++bin) files.push_back(fs::path(output) += "_" + std::to_string(bin));
  return files;
}

}  // namespace retort::corpus
