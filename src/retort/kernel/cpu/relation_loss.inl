// The distance between a student's and a teacher's scores of one head of one sequence, with the gradient, in one pass:
// queries are taken in blocks of kQueryBlock, and their scores stay in scratch memory. isa_kernels.cpp includes this
// file inside an anonymous namespace, after attention.inl.

// One row of unscaled scores of the student (s) and of the teacher (t), which the functions below may overwrite. They
// return the distance between the scaled rows and, where `gradient` is not null, write its derivative by the student's
// unscaled scores.
struct ScoreRows {
  float *s, *t;
  int64_t length;
  float s_scale, t_scale;
};

// sum p_t (log p_t - log p_s), where log p is the scaled score minus the log-sum-exp.
template <typename E>
float divergence_row(const ScoreRows& r, E* gradient) {
  float *s = r.s, *t = r.t, s_highest = s[0], t_highest = t[0];
#pragma omp simd reduction(max : s_highest, t_highest)
  for (int64_t j = 0; j < r.length; ++j) {
    s_highest = s[j] > s_highest ? s[j] : s_highest;
    t_highest = t[j] > t_highest ? t[j] : t_highest;
  }
  float s_sum = 0, t_sum = 0, cross = 0;
#pragma omp simd reduction(+ : s_sum, t_sum, cross)
  for (int64_t j = 0; j < r.length; ++j) {
    const float own = (s[j] - s_highest) * r.s_scale, target = (t[j] - t_highest) * r.t_scale;
    s[j] = exp_approximate(own), t[j] = exp_approximate(target);
    s_sum += s[j], t_sum += t[j], cross += t[j] * (target - own);
  }
  if (gradient) {
    const float s_factor = r.s_scale / s_sum, t_factor = r.s_scale / t_sum;
#pragma omp simd
    for (int64_t j = 0; j < r.length; ++j) gradient[j] = from_float<E>(s[j] * s_factor - t[j] * t_factor);
  }
  return cross / t_sum + __builtin_logf(s_sum) - __builtin_logf(t_sum);
}

template <typename E>
float squared_row(const ScoreRows& r, E* gradient) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < r.length; ++j) {
    r.s[j] = r.s[j] * r.s_scale - r.t[j] * r.t_scale;
    sum += r.s[j] * r.s[j];
  }
  if (gradient) {
#pragma omp simd
    for (int64_t j = 0; j < r.length; ++j) gradient[j] = from_float<E>(2 * r.s_scale * r.s[j]);
  }
  return sum;
}

template <typename E>
float cosine_row(const ScoreRows& r, E* gradient) {
  constexpr float kEpsilon = 1e-12f;
  float dot = 0, own = 0, other = 0;
#pragma omp simd reduction(+ : dot, own, other)
  for (int64_t j = 0; j < r.length; ++j) {
    const float x = r.s[j] * r.s_scale, y = r.t[j] * r.t_scale;
    dot += x * y, own += x * x, other += y * y;
  }
  own += kEpsilon, other += kEpsilon;
  const float inverse = 1.0f / (__builtin_sqrtf(own) * __builtin_sqrtf(other)), cosine = dot * inverse;
  if (gradient) {
    const float s_factor = cosine / own * r.s_scale * r.s_scale, t_factor = inverse * r.t_scale * r.s_scale;
#pragma omp simd
    for (int64_t j = 0; j < r.length; ++j) gradient[j] = from_float<E>(r.s[j] * s_factor - r.t[j] * t_factor);
  }
  return 1 - cosine;
}

template <typename E>
float row_distance(Distance distance, const ScoreRows& rows, E* gradient) {
  switch (distance) {
    case Distance::kDivergence:
      return divergence_row(rows, gradient);
    case Distance::kSquared:
      return squared_row(rows, gradient);
    case Distance::kCosine:
      break;
  }
  return cosine_row(rows, gradient);
}

// Unscaled scores of one block of queries at a time, of the student or of the teacher; y is packed for the whole
// sequence.
template <typename T, typename E>
struct BlockScores {
  const RelationSide<T>& side;
  int64_t length_n, width_k;
  E *y_transposed, *x_rows;
  float* scores;  // [kQueryBlock, length_n]

  BlockScores(const RelationSide<T>& from, int64_t length, ScratchArena& scratch)
      : side(from), length_n(round_up(length, 16)), width_k(round_up(from.width, kPadK)) {
    y_transposed = scratch.take<E>(width_k * length_n);
    x_rows = scratch.take<E>(kQueryBlock * width_k);
    scores = scratch.take<float>(kQueryBlock * length_n);
    pack_b_transposed(side.y, side.stride, length, side.width, y_transposed, length_n, width_k);
  }
  void compute(int64_t first, int64_t rows) {
    const int64_t padded_rows = round_up(rows, kPadM);
    pack_a(side.x + first * side.stride, side.stride, rows, side.width, x_rows, padded_rows, width_k);
    gemm(padded_rows, length_n, width_k, x_rows, width_k, y_transposed, length_n, scores, length_n,
         Accumulation::kOverwrite);
  }
};

// Computes the gradients of x, by rows, and of y, transposed, from the gradients of one block of scores at a time.
template <typename T, typename E>
struct RelationGradient {
  const RelationHead<T>& head;
  int64_t length_n, length_k, width_k, width_n, width_m;
  E *y_columns, *x_transposed, *score_gradients, *pairs;
  float *grad_x, *grad_y_transposed;  // [S, width_n], [width_m, length_n]

  RelationGradient(const RelationHead<T>& from, ScratchArena& scratch)
      : head(from), length_n(round_up(from.length, 16)), length_k(round_up(from.length, kPadK)) {
    const RelationSide<T>& side = from.student;
    width_k = round_up(side.width, kPadK), width_n = round_up(side.width, 16), width_m = round_up(side.width, kPadM);
    y_columns = scratch.take<E>(length_k * width_n);
    x_transposed = scratch.take<E>(width_m * kQueryBlock);
    score_gradients = scratch.take<E>(kQueryBlock * length_k);
    pairs = scratch.take<E>(kQueryBlock * length_n);
    grad_x = scratch.take<float>(round_up(from.length, kQueryBlock) * width_n);
    grad_y_transposed = scratch.take<float>(width_m * length_n);
    pack_b(side.y, side.stride, from.length, side.width, y_columns, length_k, width_n);
  }
  E* row(int64_t i) {
    E* scores = score_gradients + i * length_k;
    clear(scores + head.length, length_k - head.length);
    return scores;
  }
  // Adds the queries first .. first + rows; `x_rows` holds their rows of x as operand A.
  void add(int64_t first, int64_t rows, const E* x_rows) {
    const int64_t padded_rows = round_up(rows, kPadM), block_k = round_up(rows, kPadK);
    clear(score_gradients + rows * length_k, (padded_rows - rows) * length_k);
    gemm(padded_rows, width_n, length_k, score_gradients, length_k, y_columns, width_n, grad_x + first * width_n,
         width_n, Accumulation::kOverwrite);
    clear(x_transposed, width_m * block_k);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t d = 0; d < head.student.width; ++d) x_transposed[d * block_k + i] = x_rows[i * width_k + d];
    pack_b(score_gradients, length_k, rows, head.length, pairs, block_k, length_n);
    gemm(width_m, length_n, block_k, x_transposed, block_k, pairs, length_n, grad_y_transposed, length_n,
         first > 0 ? Accumulation::kAdd : Accumulation::kOverwrite);
  }
  void store() const {
    const int64_t stride = head.student.stride;
    for (int64_t r = 0; r < head.length; ++r)
      for (int64_t d = 0; d < head.student.width; ++d) {
        const float x = grad_x[r * width_n + d], y = grad_y_transposed[d * length_n + r];
        head.grad_x[r * stride + d] = from_float<T>(head.grad_y ? x : x + y);
        if (head.grad_y) head.grad_y[r * stride + d] = from_float<T>(y);
      }
  }
};

template <typename T>
double relation_loss(const RelationHead<T>& a, void* memory) {
  using E = typename OperandOf<T>::Type;
  [[maybe_unused]] AmxTileScope tiles;
  ScratchArena scratch{static_cast<uint8_t*>(memory)};
  BlockScores<T, E> student(a.student, a.length, scratch), teacher(a.teacher, a.length, scratch);
  RelationGradient<T, E> gradient(a, scratch);
  double total = 0;
  for (int64_t first = 0; first < a.length; first += kQueryBlock) {
    const int64_t rows = a.length - first < kQueryBlock ? a.length - first : kQueryBlock;
    student.compute(first, rows);
    teacher.compute(first, rows);
    for (int64_t i = 0; i < rows; ++i) {
      const ScoreRows both{student.scores + i * student.length_n, teacher.scores + i * teacher.length_n, a.length,
                           a.student.scale, a.teacher.scale};
      total += row_distance(a.distance, both, a.grad_x ? gradient.row(i) : static_cast<E*>(nullptr));
    }
    if (a.grad_x) gradient.add(first, rows, student.x_rows);
  }
  if (a.grad_x) gradient.store();
  return total;
}
