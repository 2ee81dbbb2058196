// Instruction streams, written word by word while the program runs: what generated functions call
// where mlir-aie's aie/Runtime/TxnEncoding.h is not installed. The encoding is that of
// softnpu/formats/txn_encodings.py.
namespace aie_runtime {

using Txn = std::vector<uint32_t>;

struct TxnDeviceInfo {
  uint8_t major, minor, generation, rows, columns, memory_rows;
};

// Descriptors of a tile that nobody uses; the last in line is taken first.
using BdPool = std::vector<uint32_t>;

inline BdPool bd_pool_init(uint32_t count) {
  BdPool pool;
  while (count > 0) pool.push_back(--count);
  return pool;
}

inline bool bd_pool_pop(BdPool &pool, uint32_t &number) {
  if (pool.empty()) return false;
  number = pool.back();
  pool.pop_back();
  return true;
}

inline void bd_pool_push(BdPool &pool, uint32_t number) { pool.push_back(number); }

inline void txn_append(Txn &txn, std::initializer_list<uint32_t> words) {
  txn.insert(txn.end(), words);
}

inline void txn_init(Txn &txn) { txn.assign(4, 0); }

inline void txn_append_write32(Txn &txn, uint32_t address, uint32_t value) {
  txn_append(txn, {0, 0, address, 0, value, 24});
}

inline void txn_append_maskwrite32(Txn &txn, uint32_t address, uint32_t value, uint32_t mask) {
  txn_append(txn, {3, 0, address, 0, value, mask, 28});
}

inline void txn_append_blockwrite(Txn &txn, uint32_t address, const uint32_t *data, size_t count,
                                  uint32_t column, uint32_t row) {
  const uint32_t tile = (column & 0xff) | (row & 0xff) << 8;
  txn_append(txn, {1, tile, address, static_cast<uint32_t>(16 + 4 * count)});
  txn.insert(txn.end(), data, data + count);
}

inline void txn_append_sync(Txn &txn, uint32_t column, uint32_t row, uint32_t direction,
                            uint32_t channel, uint32_t columns, uint32_t rows) {
  const uint32_t source = (column & 0xff) << 16 | (row & 0xff) << 8 | (direction & 0xff);
  const uint32_t tokens = (channel & 0xff) << 24 | (columns & 0xff) << 16 | (rows & 0xff) << 8;
  txn_append(txn, {0x80, 16, source, tokens});
}

inline void txn_append_address_patch(Txn &txn, uint32_t address, int32_t argument,
                                     uint32_t offset) {
  const uint32_t index = static_cast<uint32_t>(argument);
  txn_append(txn, {0x81, 48, 0, 0, 0, 0, address, 0, index, 0, offset, 0});
}

inline void txn_append_loadpdi(Txn &txn, uint32_t id, uint32_t size, uint64_t address) {
  const uint32_t low = static_cast<uint32_t>(address), high = static_cast<uint32_t>(address >> 32);
  txn_append(txn, {8 | id << 16, size, low, high});
}

inline void txn_append_preempt(Txn &txn, uint32_t level) { txn_append(txn, {6 | level << 8}); }

inline void txn_prepend_header(Txn &txn, uint32_t operations, TxnDeviceInfo device) {
  txn[0] = device.major | device.minor << 8 | device.generation << 16 |
           static_cast<uint32_t>(device.rows) << 24;
  txn[1] = device.columns | device.memory_rows << 8;
  txn[2] = operations;
  txn[3] = static_cast<uint32_t>(4 * txn.size());
}

}  // namespace aie_runtime
