// SPDX-License-Identifier: Apache-2.0
// Runs one block at a time. Each of its fibres runs until it waits or ends; waiting fibres continue when all
// of their block or warp have arrived. A block in which no fibre can continue is a fault: on a GPU it hangs,
// or worse. Shared memory is allocated to the byte, so that AddressSanitizer sees its ends, and starts as
// NaN.
//
// Blocks of a launch run one after another, but only the kernel's own atomics order them: neighbouring blocks
// have fibres, tags and shared memory of their own, so that ThreadSanitizer notices a block that reads what
// another may not have written yet.
#include "simt/simt.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <new>
#include <numeric>
#include <random>
#include <string>
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
SeparateThread courier;

/// Stores a fault, if it is the first.
void report(const std::string& fault) {
  if (the_fault.empty()) the_fault = fault;
}

void order_indices(std::vector<unsigned>& indices, std::mt19937_64& random) {
  std::iota(indices.begin(), indices.end(), 0u);
  if (the_order == Order::reverse) std::reverse(indices.begin(), indices.end());
  if (the_order == Order::random) std::shuffle(indices.begin(), indices.end(), random);
}

/// A group of threads that wait together: a block or a warp. A tag per round orders arrivals and departures
/// for ThreadSanitizer, so that a barrier orders what is before it against what is after it, and never what
/// two threads do between the same two barriers.
struct Group {
  unsigned members = 0, waiting = 0;
  Wait kind = Wait::barrier;
  bool any = false, next_any = false;
  unsigned round = 0;
  char tag[2] = {};

  /// Lets all threads continue when all have arrived.
  bool opens() {
    if (waiting == 0 || waiting != members) return false;
    waiting = 0;
    any = std::exchange(next_any, false);
    ++round;
    return true;
  }
};

/// The last fence of a thread and the last atomic that it used.
struct Fenced {
  char tag = 0;
  bool any = false;
  void* atomic = nullptr;
};

class Block {
 public:
  /// `launched` is the tag of the work before the launch.
  void run(unsigned threads, std::size_t shared_bytes, const std::function<void()>& kernel, void* launched,
           std::mt19937_64& random) {
    while (fibres_.size() < threads) fibres_.emplace_back();
    // This thread has run all earlier blocks, and whatever it did itself here would order them for
    // ThreadSanitizer.
    opener_.stand_in([&] {
      acquire(launched);
      shared_.reset(new (std::align_val_t{128}) char[shared_bytes]);
      std::memset(shared_.get(), 0xff, shared_bytes);
      fenced_ = std::make_unique<Fenced[]>(threads);
      copies_ = std::make_unique<LateCopies[]>(threads);
      groups_ = std::make_unique<Group[]>(1 + (threads + warp_size - 1) / warp_size);
      release(&begin_);
    });
    kernel_ = &kernel;
    waits_at_.assign(threads, nullptr);
    group_count_ = 1 + (threads + warp_size - 1) / warp_size;
    groups_[0].members = threads;
    for (unsigned t = 0; t < threads; ++t) ++warp_of(t).members;
    for (unsigned t = 0; t < threads; ++t) fibres_[t].start(&body, this);
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
      for (unsigned g = 0; g < group_count_; ++g)
        if (groups_[g].opens())
          std::replace(waits_at_.begin(), waits_at_.end(), &groups_[g], static_cast<Group*>(nullptr));
      if (moved) continue;
      report("a barrier that some of " + std::to_string(threads) +
             " threads wait at and the others never reach");
      break;  // waiting threads are dropped with their stacks
    }
    acquire(&end_);
    for (unsigned g = 0; g < group_count_; ++g)  // the waits of dropped threads
      for (char& tag : groups_[g].tag) acquire(&tag);
    shared_.reset();
    fenced_.reset();
    copies_.reset();
    groups_.reset();  // with its tags: the next block has new ones
  }

  bool wait(Wait kind, Scope scope, bool flag) {
    const Position mine = position;
    Group& group = scope == Scope::block ? groups_[0] : warp_of(mine.thread.x);
    if (group.waiting == 0) group.kind = kind;
    if (group.kind != kind) report("threads of one group wait at barriers of different kinds");
    group.next_any = group.next_any || flag;
    ++group.waiting;
    waits_at_[mine.thread.x] = &group;
    char* const tag = &group.tag[group.round % 2];
    if (kind != Wait::vote) release(tag);
    fibres_[mine.thread.x].leave(false);
    if (kind != Wait::vote) acquire(tag);
    position = mine;
    return group.any;
  }
  void fence() {
    Fenced& mine = fenced_[position.thread.x];
    if (mine.atomic) acquire(mine.atomic);
    release(&mine.tag);
    mine.any = true;
  }
  void order_by_atomic(void* at) {
    Fenced& mine = fenced_[position.thread.x];
    // Orders what the thread did before the fence, and nothing that it did since.
    if (mine.any)
      courier.stand_in([&] {
        acquire(&mine.tag);
        release(at);
      });
    mine.atomic = at;
  }
  LateCopies& copies() { return copies_[position.thread.x]; }
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
    void operator()(char* p) const { ::operator delete[](p, std::align_val_t{128}); }
  };

  Group& warp_of(unsigned thread) { return groups_[1 + thread / warp_size]; }

  std::deque<Fibre> fibres_;
  SeparateThread opener_;
  std::unique_ptr<char[], FreeAligned> shared_;
  const std::function<void()>* kernel_ = nullptr;
  std::unique_ptr<Fenced[]> fenced_;      ///< [threads]
  std::unique_ptr<LateCopies[]> copies_;  ///< [threads]
  std::unique_ptr<Group[]> groups_;       ///< the block, then its warps
  unsigned group_count_ = 0;
  std::vector<Group*> waits_at_;  ///< [threads] null: the thread may run
  char begin_ = 0, end_ = 0;      ///< tags of the beginning and the end of the block
};

Block blocks[2];  // used alternately
Block* running = nullptr;

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
  if (grid == 0 || grid > 0x7fffffffu || block == 0 || block > most_threads ||
      shared_bytes > most_shared_bytes) {
    report("invalid configuration: " + std::to_string(grid) + " blocks of " + std::to_string(block) +
           " threads, " + std::to_string(shared_bytes) + " bytes of shared memory");
    return;
  }
  std::mt19937_64 random(the_seed);
  std::vector<unsigned> order(grid);
  order_indices(order, random);
  char launched = 0;
  release(&launched);
  for (const unsigned b : order) {
    running = running == &blocks[0] ? &blocks[1] : &blocks[0];
    position = {.thread = {}, .block = {b, 0, 0}, .block_size = {block, 1, 1}, .grid_size = {grid, 1, 1}};
    running->run(block, shared_bytes, kernel, &launched, random);
  }
}

void* shared_memory() {
  return running->shared();
}

bool wait(Wait kind, Scope scope, bool flag) {
  return running->wait(kind, scope, flag);
}

void fence() {
  running->fence();
}
void order_by_atomic(void* at) {
  running->order_by_atomic(at);
}

LateCopies& copies() {
  return running->copies();
}
void report(const char* fault) {
  report(std::string(fault));
}

}  // namespace simt
