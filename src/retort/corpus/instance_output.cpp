#include "retort/corpus/instance_output.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/base/thread.h"
#include "retort/corpus/instance_file.h"
#include "retort/corpus/packed_file.h"
#include "retort/corpus/parquet_instances.h"

namespace retort::corpus {
namespace {

constexpr uint64_t kOrderStream = 0x6F72646572;  // the draws of the order of instances
constexpr int64_t kParquetRowsAtOnce = 2048;     // that one thread makes as one piece

using Progress = std::function<void(double)>;

// Calls make(i) for 0..count-1 from all threads and take(i, what it made) in that order from this one.
template <typename Make, typename Take>
void make_in_order(int64_t count, const Make& make, const Take& take, const Progress& on_progress) {
  using Piece = decltype(make(int64_t{0}));
  const int64_t group = 2 * thread_count();
  std::vector<Piece> pieces(static_cast<size_t>(group));
  for (int64_t first = 0; first < count; first += group) {
    const int64_t some = std::min(group, count - first);
    parallel_for(some, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) pieces[i] = make(first + i);
    });
    for (int64_t i = 0; i < some; ++i) take(first + i, std::move(pieces[i]));
    on_progress(static_cast<double>(first + some) / static_cast<double>(count));
  }
}

// Makes instances by their place in the shuffled order, and adds them up.
class Maker {
 public:
  Maker(const InstanceSource& source, bool has_masks)
      : source_(source),
        has_masks_(has_masks),
        order_(random_permutation(make_key(static_cast<uint64_t>(source.options.random_seed), kOrderStream), count())) {
  }

  int64_t count() const { return static_cast<int64_t>(source_.plans.size()); }
  const InstancePlan& plan(int64_t at) const { return source_.plans[order_[at]]; }

  void make(int64_t at, Instance& instance, InstanceTotals& totals) const {
    make_pair(source_.documents, plan(at), source_.vocabulary, instance);
    if (has_masks_) mask_pair(source_.options, source_.vocabulary, plan(at).key, instance);
    totals.add(instance);
  }

 private:
  const InstanceSource& source_;
  bool has_masks_;
  std::vector<int64_t> order_;
};

InstanceTotals sum_of(const std::vector<InstanceTotals>& parts) {
  InstanceTotals sum;
  for (const InstanceTotals& part : parts) sum.add(part);
  return sum;
}

// Fills the chunks of a table by `fill(row of the chunk, row of the file, rows, totals)` and writes them.
template <typename Rows, typename Shape, typename Writer, typename Fill>
InstanceTotals write_chunks(Writer& writer, const Shape& shape, const Fill& fill, const Progress& on_progress) {
  std::vector<InstanceTotals> totals(static_cast<size_t>(writer.chunk_count()));
  const auto make = [&](int64_t chunk) {
    thread_local Rows rows;
    rows.resize(writer.rows_per_chunk(), shape);
    const int64_t begin = chunk * writer.rows_per_chunk();
    for (int64_t row = begin; row < std::min(begin + writer.rows_per_chunk(), shape.row_count); ++row)
      fill(row - begin, row, rows, totals[chunk]);
    return writer.compress(rows.arrays());
  };
  make_in_order(
      writer.chunk_count(), make, [&](int64_t chunk, auto&& compressed) { writer.write(chunk, compressed); },
      on_progress);
  return sum_of(totals);
}

InstanceSums write_plain(const InstanceSource& source, const fs::path& output, const auto& describe,
                         const Progress& on_progress) {
  const Maker maker(source, /*has_masks=*/true);
  const InstanceShape shape{maker.count(), source.options.max_seq_length, source.options.max_predictions_per_seq};
  InstanceFileWriter writer(output, shape);
  const auto fill = [&](int64_t at, int64_t row, InstanceRows& rows, InstanceTotals& totals) {
    thread_local Instance instance;
    maker.make(row, instance, totals);
    rows.set(at, shape, instance);
  };
  const InstanceSums sums{write_chunks<InstanceRows>(writer, shape, fill, on_progress), {}};
  writer.publish(describe(sums));
  return sums;
}

InstanceSums write_packed(const InstanceSource& source, int64_t most, const fs::path& output, const auto& describe,
                          const Progress& on_progress) {
  const Maker maker(source, /*has_masks=*/true);
  const int64_t S = source.options.max_seq_length;
  std::vector<int32_t> lengths(static_cast<size_t>(maker.count()));
  for (int64_t at = 0; at < maker.count(); ++at) lengths[at] = static_cast<int32_t>(length_of(maker.plan(at)));
  const std::vector<std::vector<int64_t>> packs =
      pack_rows(lengths, S, most, static_cast<uint64_t>(source.options.random_seed));
  const PackedShape shape{static_cast<int64_t>(packs.size()), S, source.options.max_predictions_per_seq + most, most};
  PackedFileWriter writer(output, shape);
  const auto fill = [&](int64_t at, int64_t row, PackedRows& rows, InstanceTotals& totals) {
    thread_local Instance instance;
    PackedRows::Used used;
    for (const int64_t instance_at : packs[row]) {
      maker.make(instance_at, instance, totals);
      rows.append(at, shape, instance, used);
    }
  };
  InstanceSums sums{write_chunks<PackedRows>(writer, shape, fill, on_progress), {}};
  sums.packing = {shape.row_count, sums.instances.instances, sums.instances.tokens, S};
  writer.publish(describe(sums));
  return sums;
}

InstanceSums write_parquet(const InstanceSource& source, const InstanceForm& form, const fs::path& output,
                           const auto& describe, const Progress& on_progress) {
  const Maker maker(source, form.masking == "static");
  const int64_t bins = form.bin_count(source.options);
  std::vector<ParquetForm> forms;
  std::vector<std::unique_ptr<ParquetInstanceWriter>> writers;
  for (const fs::path& file : form.files_of(output, source.options)) {
    forms.push_back({form.masking == "static", form.bin_size == 0 ? -1 : static_cast<int64_t>(forms.size())});
    writers.push_back(std::make_unique<ParquetInstanceWriter>(file, forms.back()));
  }
  const int64_t pieces = (maker.count() + kParquetRowsAtOnce - 1) / kParquetRowsAtOnce;
  std::vector<InstanceTotals> totals(static_cast<size_t>(pieces));
  const auto make = [&](int64_t piece) {
    std::vector<std::vector<Instance>> of_bins(static_cast<size_t>(bins));
    const int64_t begin = piece * kParquetRowsAtOnce, end = std::min(begin + kParquetRowsAtOnce, maker.count());
    for (int64_t at = begin; at < end; ++at) {
      Instance instance;
      maker.make(at, instance, totals[piece]);
      const int64_t bin = form.bin_size == 0 ? 0 : (static_cast<int64_t>(instance.ids.size()) - 1) / form.bin_size;
      of_bins[bin].push_back(std::move(instance));
    }
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
    for (int64_t bin = 0; bin < bins; ++bin)
      rows.push_back(make_parquet_rows(of_bins[bin], source.tokenizer, forms[bin]));
    return rows;
  };
  const auto take = [&](int64_t, auto&& rows) {
    for (int64_t bin = 0; bin < bins; ++bin) writers[bin]->write(*rows[bin]);
  };
  make_in_order(pieces, make, take, on_progress);
  const InstanceSums sums{sum_of(totals), {}};
  for (const auto& writer : writers) writer->publish(describe(sums));
  return sums;
}

}  // namespace

void InstanceSums::add(const InstanceSums& other) {
  instances.add(other.instances);
  if (other.packing.rows > 0) packing.add(other.packing);
}

Json InstanceSums::counts_to_json() const {
  Json counts = instances.counts_to_json();
  if (packing.rows > 0) counts.push_back(packing.rows), counts.push_back(packing.row_length);
  return counts;
}

InstanceSums InstanceSums::from_counts(const Json& json) {
  InstanceSums sums{InstanceTotals::from_counts(json), {}};
  if (json.size() > 7) sums.packing = {json.at(6), sums.instances.instances, sums.instances.tokens, json.at(7)};
  return sums;
}

InstanceSums write_instances(const InstanceSource& source, const InstanceForm& form, const fs::path& output,
                             const std::function<std::string(const InstanceSums&)>& describe,
                             const std::function<void(double)>& on_progress) {
  if (form.format == "packed") return write_packed(source, form.max_sequences_per_pack, output, describe, on_progress);
  if (form.format == "parquet") return write_parquet(source, form, output, describe, on_progress);
  return write_plain(source, output, describe, on_progress);
}

std::string instance_settings(const InstanceForm& form, const fs::path& file) {
  return form.format == "parquet" ? parquet_settings(file) : Hdf5Table(file).settings();
}

}  // namespace retort::corpus
