// The distances between a student's and a teacher's states. The header has no other content, because the CPU kernels
// include it too.
#pragma once

namespace retort::kernel {

// kDivergence: KL(softmax(teacher) || softmax(student)). kSquared: the sum of squared differences. kCosine: 1 - cos,
// where 1e-12 is added to both squared norms.
enum class Distance { kDivergence, kSquared, kCosine };

}  // namespace retort::kernel
