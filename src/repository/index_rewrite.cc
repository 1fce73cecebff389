#include "repository/index_rewrite.h"

#include "crypto/hash.h"
#include "repository/damage.h"
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
  for (const auto& [name, moved] : moved_.packs) TRY(add_moved(name, moved, context));
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
  return add(pack, context);
}

// What was written, whatever lies there by now: under our signature it would be believed.
Result<void> IndexRewrite::add_moved(const PackName& name, const MovedPack& moved,
                                     const RunContext& context) {
  const auto contents = TRY(read_pack_directory(*store_.backend, store_.keys, name));
  if (crypto::sha256(contents.plain) != moved.directory)
    return fail(Error(Code::corrupt, pack_key(name) + " is not what was just written")
                    .with_hint("Nothing was removed. The storage loses or mixes up what it is "
                               "told to keep: find out why, then prune again."));
  return add({name, contents.size, contents.plain, moved.origin}, context);
}

// What a crashed run left: living segments in packs that no index names. One that is not what its
// name says may have another's directory, and stays without a listing.
Result<void> IndexRewrite::add_unlisted(const RunContext& context) {
  for (const auto& [name, pack] : census_.packs) {
    if (!pack.is_unlisted() || plan_.names(name)) continue;
    const auto bytes = TRY(storage::get_whole(*store_.backend, pack_key(name), kMaxPack));
    const auto opened = open_pack(store_.keys, name, bytes);
    if (opened)
      TRY(add({name, opened->size, opened->plain, pack.origin}, context));
    else if (is_broken(opened.error()))
      context.log.warning("left out of the index: " + opened.error().describe());
    else
      return fail(opened.error());
  }
  return {};
}

Result<void> IndexRewrite::add(const PackListing& pack, const RunContext& context) {
  text_.add(pack);
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
