// SPDX-License-Identifier: Apache-2.0
// A block at a time: each of its fibres runs until it waits or ends; those that wait go on when their whole
// block or warp has come. A block where nobody can go on is a fault: on a GPU it hangs or worse. Shared
// memory is allocated to the byte, so that AddressSanitizer sees its ends, and starts as NaN.
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

/// Who waits together: a block, or a warp of it. Arrivals and leavings of one round are ordered for
/// ThreadSanitizer by a tag of their own, so that a barrier orders what stands before it against what stands
/// after it, and never what two threads do between the same two barriers.
struct Group {
  unsigned members = 0, waiting = 0;
  bool any = false, next_any = false;
  unsigned round = 0;
  char tag[2] = {};

  /// Lets everybody go on when all have come.
  bool opens() {
    if (waiting == 0 || waiting != members) return false;
    waiting = 0;
    any = std::exchange(next_any, false);
    ++round;
    return true;
  }
};

class Block {
 public:
  void run(unsigned threads, std::size_t shared_bytes, const std::function<void()>& kernel,
           std::mt19937_64& random) {
    while (fibres_.size() < threads) fibres_.emplace_back();
    shared_.reset(new (std::align_val_t{16}) char[shared_bytes]);
    std::memset(shared_.get(), 0xff, shared_bytes);
    kernel_ = &kernel;
    waits_at_.assign(threads, nullptr);
    whole_ = Group{.members = threads};
    warps_.assign((threads + warp_size - 1) / warp_size, Group{});
    for (unsigned t = 0; t < threads; ++t) ++warps_[t / warp_size].members;
    for (unsigned t = 0; t < threads; ++t) fibres_[t].start(&body, this);
    release(&begin_);  // what came before the launch, every thread sees
    std::vector<unsigned> order(threads);
    for (unsigned ended = 0; ended < threads;) {
      order_indices(order, random);
      bool moved = false;
      for (const unsigned t : order) {
        if (fibres_[t].ended() || waits_at_[t]) continue;
        moved = true;
        position.thread.x = t;
        fibres_[t].resume();
        if (fibres_[t].ended()) ++ended;
      }
      if (whole_.opens()) std::fill(waits_at_.begin(), waits_at_.end(), nullptr);
      for (Group& warp : warps_)
        if (warp.opens())
          std::replace(waits_at_.begin(), waits_at_.end(), &warp, static_cast<Group*>(nullptr));
      if (moved) continue;
      if (the_fault.empty())  // who waits is dropped with its stack
        the_fault = "a barrier that some of " + std::to_string(threads) +
                    " threads wait at and the others never reach";
      break;
    }
    acquire(&end_);
  }

  bool wait(bool flag, Scope scope) {
    const Position mine = position;
    Group& group = scope == Scope::block ? whole_ : warps_[mine.thread.x / warp_size];
    group.next_any = group.next_any || flag;
    ++group.waiting;
    waits_at_[mine.thread.x] = &group;
    char* const tag = &group.tag[group.round % 2];
    release(tag);
    fibres_[mine.thread.x].leave(false);
    acquire(tag);
    position = mine;
    return group.any;
  }
  void* shared() const { return shared_.get(); }

 private:
  static void body(void* argument) {
    auto* const block = static_cast<Block*>(argument);
    const unsigned rank = position.thread.x;
    acquire(&block->begin_);
    (*block->kernel_)();
    release(&block->end_);
    block->fibres_[rank].leave(true);
  }
  struct FreeAligned {
    void operator()(char* p) const { ::operator delete[](p, std::align_val_t{16}); }
  };

  std::deque<Fibre> fibres_;
  std::unique_ptr<char[], FreeAligned> shared_;
  const std::function<void()>* kernel_ = nullptr;
  Group whole_;
  std::vector<Group> warps_;
  std::vector<Group*> waits_at_;  ///< [threads] null: may run
  char begin_ = 0, end_ = 0;      ///< tags of the launch and of its end
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

bool barrier(bool flag, Scope scope) {
  return the_block.wait(flag, scope);
}

}  // namespace simt
