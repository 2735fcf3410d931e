// See panel_product.h.
#include "retort/kernel/panel_product.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "retort/base/thread.h"
#include "retort/kernel/cpu/scratch.h"
#include "retort/kernel/cpu/support.h"

namespace retort::kernel {

namespace {

constexpr int64_t kBlockBytes = 400 << 10;  // of B: as much as the second cache holds beside rows of A
constexpr int64_t kSmallestTask = 4 << 20;  // operations, about 10 us: less is not worth a second thread
constexpr int64_t kTasksPerThread = 8;
constexpr int64_t kPackGrainElements = 1 << 15;

template <typename T>
cpu::ProductForm form_of() {
  return cpu::row_functions<T>().product_form;
}
template <typename T>
bool makes_floats() {
  return form_of<T>() == cpu::ProductForm::kFloats;
}
// Whether rows are read two elements at once, so that they must hold an even number.
template <typename T>
bool takes_pairs() {
  return sizeof(T) == 2 && form_of<T>() == cpu::ProductForm::kWords;
}

int64_t ceiling(int64_t count, int64_t divisor) { return (count + divisor - 1) / divisor; }

template <typename T>
int64_t panel_count(const cpu::MatrixProduct<T>& product) {
  return ceiling(product.columns, cpu::kPanelColumns);
}

// Words of 32 bits that the inner dimension takes: floats, or pairs of bfloat16 numbers.
template <typename T>
int64_t inner_words(int64_t inner) {
  return makes_floats<T>() ? inner : ceiling(inner * static_cast<int64_t>(sizeof(T)), 4);
}
template <typename T>
int64_t panel_elements(int64_t inner) {
  return inner_words<T>(inner) * cpu::kPanelColumns * 4 / static_cast<int64_t>(sizeof(T));
}

template <typename T>
bool copies_left(const cpu::MatrixProduct<T>& product) {
  return makes_floats<T>() || product.a_transposed;
}
// Inner words that are gone through at once: all, where C has no place for sums that are not whole.
template <typename T>
int64_t words_at_once(const cpu::MatrixProduct<T>& product) {
  const int64_t words = inner_words<T>(product.inner);
  if (makes_floats<T>()) return std::min(words, cpu::kCopiedFloats);
  return product.a_transposed && product.sum != nullptr ? std::min(words, cpu::kCopiedWords) : words;
}
template <typename T>
int64_t scratch_bytes(const cpu::MatrixProduct<T>& product) {
  if (!copies_left(product)) return 0;
  return 4 * cpu::kCopiedRows * (words_at_once(product) + (makes_floats<T>() ? cpu::kWaitingColumns : 0));
}

template <typename T>
void pack(const cpu::MatrixProduct<T>& product, T* panels) {
  const int64_t grain = std::max<int64_t>(1, kPackGrainElements / panel_elements<T>(product.inner));
  parallel_for(panel_count(product), grain,
               [&](int64_t begin, int64_t end) { cpu::row_functions<T>().pack_panels(product, panels, begin, end); });
}

// The result in rectangles, one for a task: `row_chunks` beside each other share a block of B.
struct Tasks {
  int64_t row_chunks = 1, column_blocks = 1;
};

template <typename T>
Tasks cut(const cpu::MatrixProduct<T>& product, int64_t row_units) {
  const int64_t panels = panel_count(product), wanted = kTasksPerThread * thread_count();
  const int64_t panel_bytes = words_at_once(product) * cpu::kPanelColumns * 4;
  const int64_t most = makes_floats<T>() ? cpu::kWaitingColumns / cpu::kPanelColumns : kBlockBytes / panel_bytes;
  Tasks tasks;
  tasks.column_blocks = ceiling(panels, std::clamp<int64_t>(most, 1, panels));
  tasks.row_chunks = std::clamp<int64_t>(ceiling(wanted, tasks.column_blocks), 1, row_units);
  if (tasks.row_chunks * tasks.column_blocks < wanted)
    tasks.column_blocks = std::min(panels, ceiling(wanted, tasks.row_chunks));
  return tasks;
}

template <typename T>
void multiply(const cpu::MatrixProduct<T>& product, const T* panels) {
  const int64_t unit = copies_left(product) ? cpu::kCopiedRows : cpu::kTileRows,
                row_units = ceiling(product.rows, unit);
  const Tasks tasks = cut(product, row_units);
  const int64_t count = tasks.row_chunks * tasks.column_blocks, all_panels = panel_count(product);
  const double operations = 2.0 * static_cast<double>(product.rows) * product.columns * product.inner;
  const auto grain = static_cast<int64_t>(static_cast<double>(count) * kSmallestTask / operations);
  parallel_for(count, std::max<int64_t>(1, grain), [&](int64_t begin, int64_t end) {
    void* scratch = cpu::thread_scratch(static_cast<size_t>(scratch_bytes(product)));
    for (int64_t task = begin; task < end; ++task) {
      const int64_t chunk = task % tasks.row_chunks, block = task / tasks.row_chunks;
      const cpu::ProductBlock part{row_units * chunk / tasks.row_chunks * unit,
                                   std::min(product.rows, row_units * (chunk + 1) / tasks.row_chunks * unit),
                                   all_panels * block / tasks.column_blocks,
                                   all_panels * (block + 1) / tasks.column_blocks, words_at_once(product)};
      cpu::row_functions<T>().multiply_panels(product, panels, part, scratch);
    }
  });
}

// Rows that lie one behind another, or such columns.
bool has_rows(const at::Tensor& matrix) { return matrix.stride(1) == 1 || matrix.size(1) == 1; }
bool has_columns(const at::Tensor& matrix) { return matrix.stride(0) == 1; }

template <typename T>
void set_left(cpu::MatrixProduct<T>& product, const at::Tensor& a) {
  product.rows = a.size(0), product.inner = a.size(1);
  product.a = cpu::elements<T>(a);
  product.a_transposed = !has_rows(a) || (takes_pairs<T>() && a.size(1) % 2 != 0);
  product.a_stride = a.stride(product.a_transposed ? 1 : 0);
}

template <typename T>
void set_right(cpu::MatrixProduct<T>& product, const at::Tensor& b) {
  product.columns = b.size(1);
  product.b = cpu::elements<T>(b);
  product.b_transposed = !has_rows(b);
  product.b_stride = b.stride(product.b_transposed ? 1 : 0);
}

at::Tensor in_rows_or_columns(const at::Tensor& matrix) {
  return has_rows(matrix) || has_columns(matrix) ? matrix : matrix.contiguous();
}

at::Tensor empty_panels(int64_t columns, int64_t inner, const at::Tensor& like) {
  int64_t elements = 0;
  cpu::with_element_type(like, [&](auto element) { elements = panel_elements<decltype(element)>(inner); });
  const int64_t filled = ceiling(columns, cpu::kPanelColumns) * cpu::kPanelColumns;
  return at::empty({filled, elements / cpu::kPanelColumns}, like.options()).narrow(0, 0, columns);
}

template <typename T>
void pack_and_multiply(cpu::MatrixProduct<T>& product, const at::Tensor& a, const at::Tensor& b) {
  RETORT_CHECK(a.size(1) == b.size(0) && a.scalar_type() == b.scalar_type(), "factors of a product must fit");
  const at::Tensor left = in_rows_or_columns(a), right = in_rows_or_columns(b);
  set_left(product, left);
  set_right(product, right);
  const at::Tensor panels = empty_panels(product.columns, product.inner, b);
  pack(product, cpu::elements<T>(panels));
  multiply(product, cpu::elements<const T>(panels));
}

}  // namespace

bool has_panel_product(at::ScalarType type) {
  if (type == at::kBFloat16) return form_of<cpu::Bf16>() != cpu::ProductForm::kNone;
  return type == at::kFloat && form_of<float>() != cpu::ProductForm::kNone;
}

bool panel_product_takes(const at::Tensor& a) {
  if (!has_panel_product(a.scalar_type()) || a.size(0) == 0 || a.size(1) == 0) return false;
  return a.scalar_type() == at::kFloat || !takes_pairs<cpu::Bf16>() || a.size(1) % 2 == 0 || has_columns(a);
}

at::Tensor panel_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  RETORT_CHECK(!bias.defined() || (bias.numel() == b.size(1) && bias.scalar_type() == a.scalar_type()),
               "a bias must hold a number for each column");
  const at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  if (out.numel() == 0) return out;
  cpu::with_element_type(a, [&](auto element) {
    using T = decltype(element);
    cpu::MatrixProduct<T> product;
    product.bias = cpu::elements<const T>(bias), product.out = cpu::elements<T>(out);
    pack_and_multiply(product, a, b);
  });
  return out;
}

void add_panel_product(const at::Tensor& total, const at::Tensor& a, const at::Tensor& b) {
  RETORT_CHECK(total.is_contiguous() && total.scalar_type() == at::kFloat && total.size(0) == a.size(0) &&
                   total.size(1) == b.size(1),
               "a sum of products must be a float32 matrix of their shape");
  if (total.numel() == 0) return;
  cpu::with_element_type(a, [&](auto element) {
    cpu::MatrixProduct<decltype(element)> product;
    product.sum = cpu::elements<float>(total);
    pack_and_multiply(product, a, b);
  });
}

at::Tensor pack_panels(const at::Tensor& weight) {
  const at::Tensor panels = empty_panels(weight.size(0), weight.size(1), weight);
  cpu::with_element_type(weight, [&](auto element) {
    using T = decltype(element);
    cpu::MatrixProduct<T> product;
    product.inner = weight.size(1);
    set_right(product, weight.t());
    pack(product, cpu::elements<T>(panels));
  });
  return panels;
}

at::Tensor product_with_panels(const at::Tensor& x, const at::Tensor& panels, const at::Tensor& bias) {
  const at::Tensor out = at::empty({x.size(0), panels.size(0)}, x.options());
  if (out.numel() == 0) return out;
  cpu::with_element_type(x, [&](auto element) {
    using T = decltype(element);
    cpu::MatrixProduct<T> product;
    RETORT_CHECK(panel_product_takes(x) && panels.size(1) * cpu::kPanelColumns == panel_elements<T>(x.size(1)),
                 "packed weights must fit");
    const at::Tensor left = in_rows_or_columns(x);
    set_left(product, left);
    product.columns = panels.size(0);
    product.bias = cpu::elements<const T>(bias), product.out = cpu::elements<T>(out);
    multiply(product, cpu::elements<const T>(panels));
  });
  return out;
}

}  // namespace retort::kernel
