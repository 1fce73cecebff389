#include "repository/index_rewrite.h"

#include "crypto/hash.h"
#include "repository/pack.h"

namespace lifeboat::repository {
namespace {

// Small index objects are merged on the way: each is one request for every reader.
constexpr std::size_t kSmall = 1U << 20U;
constexpr std::size_t kTarget = 16U << 20U;

}  // namespace

Result<void> IndexRewrite::run(const RunContext& context) {
  for (const auto& name : census_.indexes) {
    TRY(context.check_stop());
    TRY_CONTEXT(index_key(name), take_old(name, context));
  }
  for (const auto& [name, origin] : moved_.packs) TRY(add_pack(name, origin, context));
  TRY(add_unlisted(context));
  TRY(publish(context));
  // Only now: until here every reader finds every pack.
  for (const auto& name : replaced_) TRY(store_.backend->remove(index_key(name)));
  return {};
}

Result<bool> IndexRewrite::is_touched(const Bytes& plain) const {
  bool touched = plain.size() < kSmall;
  TRY(parse_index(plain, [&](const PackListing& pack, const PackDirectory&) -> Result<void> {
    touched = touched || plan_.names(pack.name) || !census_.packs.contains(pack.name);
    return {};
  }));
  return touched;
}

Result<void> IndexRewrite::take_old(const IndexName& name, const RunContext& context) {
  const auto object = get_hashed(*store_.backend, index_key(name), kMaxObject);
  if (!object && object.error().code() == Code::not_found) return {};  // replaced by another
  const auto opened = TRY(open_index_object(store_.keys, name, TRY(object)));
  if (!TRY(is_touched(opened.plain))) return {};
  replaced_.push_back(name);
  return parse_index(opened.plain, [&](const PackListing& pack, const PackDirectory&) {
    return keep(pack, opened.signer, context);
  });
}

// The origin is the signer's where a writer signed: under our signature its word would be believed.
// Listings that differ are all kept, for one of them may be a lie. A damaged pack that should have
// been emptied stays for readers, of nobody's origin, so that no writer refers to it again.
Result<void> IndexRewrite::keep(PackListing pack, const Signer& signer, const RunContext& context) {
  const bool stays = plan_.move.contains(pack.name) && moved_.damaged.contains(pack.name);
  if (!census_.packs.contains(pack.name) || (plan_.names(pack.name) && !stays)) return {};
  pack.origin = stays ? WriterId{} : origin_of(signer, pack);
  ByteWriter said;
  said.raw(pack.name.view()).u64(pack.size).raw(pack.origin.view()).raw(pack.directory);
  if (!listed_.insert(to_bytes(crypto::sha256(said.bytes()).view())).second) return {};
  text_.add(pack);
  return text_.size() < kTarget ? Result<void>{} : publish(context);
}

// What a crashed run left: living segments in packs that no index names.
Result<void> IndexRewrite::add_unlisted(const RunContext& context) {
  for (const auto& [name, pack] : census_.packs)
    if (!pack.indexed && pack.alive > 0 && !plan_.names(name))
      TRY(add_pack(name, pack.origin, context));
  return {};
}

Result<void> IndexRewrite::add_pack(const PackName& name, const WriterId& origin,
                                    const RunContext& context) {
  const auto contents = TRY(read_pack_directory(*store_.backend, store_.keys, name));
  text_.add({name, contents.size, contents.plain, origin});
  return text_.size() < kTarget ? Result<void>{} : publish(context);
}

Result<void> IndexRewrite::publish(const RunContext& context) {
  if (text_.packs() == 0) return {};
  const auto object = TRY(make_index_object(store_.keys, text_.bytes(), context.random));
  TRY(store_.backend->put(index_key(object.name), object.bytes));
  text_.clear();
  return {};
}

}  // namespace lifeboat::repository
