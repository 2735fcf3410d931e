// OpenMP for the fuzz build: one thread, so that an input gives the same result every time, and no library to install.
#pragma once

inline void omp_set_num_threads(int) {}
inline int omp_in_parallel() { return 1; }
