// SPDX-License-Identifier: Apache-2.0
// A block at a time: between two barriers each of its fibres runs until it waits or ends; then all go on. A
// block where some wait and some have ended is a fault: on a GPU it hangs or worse. Shared memory is
// allocated to the byte, so that AddressSanitizer sees its ends, and starts as NaN.
#include "simt/simt.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <new>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "simt/cuda_words.hpp"
#include "simt/fibre.hpp"

namespace simt {

thread_local Position position;

namespace {

Order the_order = Order::forward;
std::uint64_t the_seed = 0;
std::string the_fault;

void order_indices(std::vector<unsigned>& indices, std::mt19937_64& random) {
  std::iota(indices.begin(), indices.end(), 0u);
  if (the_order == Order::reverse) std::reverse(indices.begin(), indices.end());
  if (the_order == Order::random) std::shuffle(indices.begin(), indices.end(), random);
}

class Block {
 public:
  void run(unsigned threads, std::size_t shared_bytes, const std::function<void()>& kernel,
           std::mt19937_64& random) {
    while (fibres_.size() < threads) fibres_.emplace_back();
    shared_.reset(new (std::align_val_t{16}) char[shared_bytes]);
    std::memset(shared_.get(), 0xff, shared_bytes);
    kernel_ = &kernel;
    any_ = next_any_ = false;
    for (unsigned t = 0; t < threads; ++t) fibres_[t].start(&body, this);
    release(this);  // what came before the launch, every thread sees
    std::vector<unsigned> order(threads);
    for (bool more = true; more;) {
      order_indices(order, random);
      for (const unsigned t : order) {
        if (fibres_[t].ended()) continue;
        position.thread.x = t;
        fibres_[t].resume();
      }
      const auto ended = static_cast<unsigned>(std::count_if(fibres_.begin(), fibres_.begin() + threads,
                                                             [](const Fibre& f) { return f.ended(); }));
      more = ended == 0;
      if (ended != 0 && ended != threads && the_fault.empty())  // who waits is dropped with its stack
        the_fault = "a barrier that " + std::to_string(threads - ended) + " of " + std::to_string(threads) +
                    " threads wait at and the others never reach";
      any_ = std::exchange(next_any_, false);
    }
    acquire(this);
  }

  bool wait(bool flag) {
    next_any_ = next_any_ || flag;
    const Position mine = position;
    release(this);
    fibres_[mine.thread.x].leave(false);
    acquire(this);
    position = mine;
    return any_;
  }
  void* shared() const { return shared_.get(); }

 private:
  static void body(void* argument) {
    auto* const block = static_cast<Block*>(argument);
    const unsigned rank = position.thread.x;
    acquire(block);
    (*block->kernel_)();
    release(block);
    block->fibres_[rank].leave(true);
  }
  struct FreeAligned {
    void operator()(char* p) const { ::operator delete[](p, std::align_val_t{16}); }
  };

  std::deque<Fibre> fibres_;
  std::unique_ptr<char[], FreeAligned> shared_;
  const std::function<void()>* kernel_ = nullptr;
  bool any_ = false, next_any_ = false;
};

Block the_block;

}  // namespace

void set_order(Order order, std::uint64_t seed) {
  the_order = order;
  the_seed = seed;
}

std::string take_fault() {
  return std::exchange(the_fault, {});
}

void (*launch_on_stream)(void* stream, const std::function<void()>& blocks) = nullptr;

void launch(void* stream, unsigned grid, unsigned block, std::size_t shared_bytes,
            const std::function<void()>& kernel) {
  launch_on_stream(stream, [=] { run_blocks(grid, block, shared_bytes, kernel); });
}

void run_blocks(unsigned grid, unsigned block, std::size_t shared_bytes,
                const std::function<void()>& kernel) {
  std::mt19937_64 random(the_seed);
  std::vector<unsigned> order(grid);
  order_indices(order, random);
  for (const unsigned b : order) {
    position = {.thread = {}, .block = {b, 0, 0}, .block_size = {block, 1, 1}, .grid_size = {grid, 1, 1}};
    the_block.run(block, shared_bytes, kernel, random);
  }
}

void* shared_memory() {
  return the_block.shared();
}

bool barrier(bool flag) {
  return the_block.wait(flag);
}

}  // namespace simt
