"""The protocol of collection as a state machine: writers, collectors, a reader and a copy.

Each step is one request to the storage, or several that commute. An actor may pause before any step
for ever, which stands for a suspended machine or a slow request; a crash forgets what an actor knew
and keeps what it stored.

What stands for what:
  pack      one bit; P and R are old; collectors that move segments make some, and so do writers
  segment   one bit; `holds` tells which a set of packs has
  index     the packs that any index object names; a stale object coming late adds its packs again
  session   a field of its writer: open, then a snapshot or a void in the same place, never both
  snapshot  the segments it references; forgetting it is a statement, its head goes later
  collect   one is open at a time, listing packs it may drop and segments that are sparse
"""

from collections import namedtuple
from dataclasses import dataclass

# Old packs and the segments in them.
P, R = 1, 2
DEAD, LIVE, OTHER = 1, 2, 4

# What is at snapshots/<writer>/<seq>. From FORGOTTEN on there is a statement; NAMED: the open
# collection names it as forgotten; REMOVED: its head is gone.
NONE, OPEN, KEPT, FORGOTTEN, NAMED, REMOVED, VOID = range(7)

Store = namedtuple("Store", "packs index collect ended sparse old late made")
Collect = namedtuple("Collect", "number listed")
Writer = namedtuple("Writer", "pc listed usable refs key seen avoid tries crashed")
Collector = namedtuple("Collector", "pc number drop move index")
Reader = namedtuple("Reader", "pc index")
State = namedtuple("State", "store writers collectors reader")

IDLE = Collector(0, 0, 0, 0, 0)
FRESH = Writer(0, 0, 0, 0, NONE, 0, 0, 0, False)
STORE, INDEX, COMMIT, FINISHED = 3, 4, 5, 6    # a writer's pc after its three opening steps
LIST, FENCE, CHECK, MOVE, TAIL = 1, 2, 3, 4, 5  # a collector's pc; the tail is three steps
FETCH, READ, GAVE_UP = 1, 2, 3                  # a reader's pc


@dataclass(frozen=True)
class Protocol:
    """The rules as they are to be kept. Each planted mistake changes one."""
    opening: tuple = ("session", "collect", "index")   # the writer's first three requests
    obeys_void: bool = True         # a voided writer begins again and forgets what it knew
    lists_packs: bool = True        # index entries of packs that are not there are not used
    recovery_skips: bool = True     # nor are packs found by recovery that a collection lists
    distrusts_damaged: bool = True  # who cannot read collect/<n> uses nothing that was there before
    avoids_sparse: bool = True
    sparse_stays: bool = True       # the sparse list counts until the next collection's
    copy_skips: bool = True         # a copy treats what a collection lists as absent, too
    copy_waits: bool = False        # … or waits until the collection has ended (not needed)
    copy_renames: bool = True       # a copy never gives a collected pack its old name again
    gives_up: bool = False          # a collector tired of waiting ends the collection
    waits: bool = True              # a collector ends or outwaits each session that it lists
    rereads: bool = True            # … then reads the references again
    names_forgotten: bool = True    # … and discounts only snapshots that collect/<n> names
    checks_open: bool = True        # … and sees that collect/<n> has not been ended meanwhile
    unique_numbers: bool = True     # collect/<n> is never used for a second collection
    judges_alike: bool = True       # … judging by the list and the references, nothing of its own
    elsewhere_unlisted: bool = True  # … and that a segment is elsewhere only in an unlisted pack
    tail: tuple = ("publish", "delete", "end")
    reader_rereads: bool = True     # a reader that misses a pack reads the index again


@dataclass(frozen=True)
class Scenario:
    """How much there is of everything."""
    writers: int = 2
    collectors: int = 2
    rounds: int = 2
    packs: int = P
    holds_p: int = DEAD
    wants: tuple = (DEAD,)          # a writer needs the content of one of these segments
    old_refs: int = 0               # what the old snapshot references
    forgets: str = ""               # "old", "new" or "old new" snapshots may be forgotten
    tries: int = 1                  # sessions of a writer
    stores: bool = False            # packs that writers make are part of the model
    copies: bool = False            # … and hold the same segment as P: the writers are copies
    damage: bool = False            # a writer may be unable to read collect/<n>
    births: bool = False            # a collection lists only packs whose session has ended
    moves: bool = False
    sparse: int = 0
    late: bool = False              # a crashed collector's DELETE arrives at any later time
    reader: bool = False


class Model:
    """The steps of one scenario under one protocol. With `alike`, states that differ only in which
    of two equal actors is which are one state; the names in a trace then mean little."""

    def __init__(self, scenario, protocol, alike=True):
        self.s, self.p, self.alike = scenario, protocol, alike
        self.moved = [4 << n for n in range(3)]
        self.new = [[64 << (scenario.tries * i + t) for t in range(scenario.tries)]
                    for i in range(scenario.writers)]
        self.content = {P: scenario.holds_p, R: OTHER}
        self.content.update({pack: LIVE for pack in self.moved})
        self.content.update({pack: DEAD if scenario.copies else pack
                             for row in self.new for pack in row})
        self.held = {}

    def initial(self):
        s = self.s
        store = Store(s.packs, s.packs, None, 0, 0, KEPT if s.old_refs else NONE, 0, 0)
        reader = Reader(0, 0) if s.reader else None
        return State(store, (FRESH,) * s.writers, (IDLE,) * s.collectors, reader)

    def holds(self, packs):
        if packs not in self.held:
            self.held[packs] = 0
            for pack, segments in self.content.items():
                self.held[packs] |= segments if pack & packs else 0
        return self.held[packs]

    def references(self, state, counted):
        found = self.s.old_refs if state.store.old in counted else 0
        for writer in state.writers:
            if writer.key in counted:
                found |= writer.refs
        return found

    def broken(self, state):
        """The invariant that this state breaks, or None."""
        store, kept = state.store, self.references(state, (KEPT,))
        if kept & ~self.holds(store.packs):
            return "a segment of a kept snapshot is in no pack"
        if kept & ~self.holds(store.packs & store.index):
            return "a segment of a kept snapshot is in no indexed pack"
        if state.reader and state.reader.pc == GAVE_UP:
            return "a reader gave up on a kept snapshot"
        if any(w.key == KEPT and w.refs & w.avoid for w in state.writers):
            return "a snapshot begun after the list leans on a sparse segment"
        return None

    def steps(self, state):
        """Every (name, next state)."""
        for i in range(len(state.writers)):
            yield from self.writer_steps(state, i)
        for j in range(len(state.collectors)):
            yield from self.collector_steps(state, j)
        yield from self.forget_steps(state)
        yield from self.late_steps(state)
        if state.reader:
            yield from self.reader_steps(state)

    # ---- writers: repository/session, repository/snapshot_writer ----

    def writer_steps(self, state, i):
        writer = state.writers[i]
        if writer.pc < STORE:
            yield from self.opening(state, i, self.p.opening[writer.pc])
        elif writer.pc == STORE:
            yield from self.stores_pack(state, i)
        elif writer.pc == INDEX:
            index = state.store.index | self.own(i) & state.store.packs & self.packs_of(writer.refs)
            yield self.wrote(f"W{i} publishes its index", state, i, writer._replace(pc=COMMIT),
                             state.store._replace(index=index))
        elif writer.pc == COMMIT:
            yield from self.commits(state, i)
        if 0 < writer.pc < FINISHED and writer.tries + 1 < self.s.tries:
            yield self.wrote(f"W{i} crashes, starts again", state, i,
                             FRESH._replace(tries=writer.tries + 1, crashed=writer.key == OPEN))

    def wrote(self, name, state, i, writer, store=None):
        writers = state.writers[:i] + (writer,) + state.writers[i + 1:]
        if self.alike and not self.s.stores:
            writers = tuple(sorted(writers))
        return name, State(store or state.store, writers, state.collectors, state.reader)

    def own(self, i):
        return sum(self.new[i])

    def packs_of(self, segments):
        return sum(pack for pack, content in self.content.items() if content & segments)

    def opening(self, state, i, request):
        store, writer = state.store, state.writers[i]
        writer = writer._replace(pc=writer.pc + 1)
        if request == "collect" and store.collect and self.s.damage:
            everything = sum(self.content) if self.p.distrusts_damaged else 0
            yield from self.opened(f"W{i} cannot read collect", state, i,
                                   writer._replace(listed=everything))
        if request == "session":
            writer = writer._replace(key=OPEN, avoid=store.sparse)
        elif request == "collect":
            writer = writer._replace(listed=self.shunned(store))
        else:
            writer = writer._replace(usable=self.usable(store, i))
        yield from self.opened(f"W{i} {request}", state, i, writer)

    def opened(self, name, state, i, writer):
        """After one of the opening requests; the last of them decides what is used."""
        if writer.pc < STORE:
            yield self.wrote(name, state, i, writer)
            return
        for want in self.s.wants:
            chosen = self.chooses(writer, i, want)
            yield self.wrote(f"{name}, then {self.says(chosen)}", state, i, chosen)

    @staticmethod
    def says(writer):
        return {STORE: "stores anew", INDEX: "recovers", COMMIT: f"uses {writer.refs}"}.get(
            writer.pc, "waits")

    def shunned(self, store):
        """The packs that the open collection lists, and those of the newest list of sparse ones."""
        listed = store.collect.listed if store.collect else 0
        return listed | (self.packs_of(store.sparse) if self.p.avoids_sparse else 0)

    def usable(self, store, i):
        """What the index names, if it is there, and own packs of an earlier session that a listing
        finds (recovery)."""
        named = store.index & store.packs if self.p.lists_packs else store.index
        return named | store.packs & self.own(i)

    def chooses(self, writer, i, want):
        """Dedup against an old segment, else against a recovered one, else store."""
        shunned = writer.listed if self.p.copy_skips or not self.s.copies else 0
        others = writer.usable & ~shunned & ~self.own(i)
        mine = writer.usable & self.own(i) & ~(shunned if self.p.recovery_skips else 0)
        plain = writer._replace(listed=0, usable=0)
        if self.holds(others) & want:
            return plain._replace(pc=COMMIT, refs=want)
        if mine:
            return plain._replace(pc=INDEX, refs=self.holds(mine & -mine))
        if self.s.copies and self.p.copy_waits and self.holds(shunned) & want:
            return plain._replace(pc=self.p.opening.index("collect"))
        return plain._replace(pc=STORE if self.s.stores else COMMIT, refs=0)

    def stores_pack(self, state, i):
        store, writer = state.store, state.writers[i]
        pack = self.new[i][writer.tries]
        if self.s.copies and not self.p.copy_renames:
            pack = P
        refs, packs = self.content[pack], store.packs | pack
        index = store.index | (P if pack == P else 0)
        yield self.wrote(f"W{i} stores pack {pack}", state, i, writer._replace(pc=INDEX, refs=refs),
                         store._replace(packs=packs, index=index))

    def commits(self, state, i):
        writer = state.writers[i]
        if writer.key == OPEN:
            yield self.wrote(f"W{i} commits", state, i,
                             writer._replace(pc=FINISHED, key=KEPT, seen=0))
        elif not self.p.obeys_void:
            yield self.wrote(f"W{i} is voided, opens a session for the same snapshot", state, i,
                             writer._replace(key=OPEN))
        elif writer.tries + 1 < self.s.tries:
            yield self.wrote(f"W{i} is voided, starts again", state, i,
                             FRESH._replace(tries=writer.tries + 1))
        else:
            yield self.wrote(f"W{i} is voided", state, i, FRESH._replace(pc=FINISHED, key=VOID))

    # ---- collectors: repository/collection ----

    def collector_steps(self, state, j):
        collector = state.collectors[j]
        if collector.pc == 0:
            yield from self.begins(state, j)
            return
        if collector.pc == LIST:
            yield self.lists_sessions(state, j)
        elif collector.pc == FENCE:
            yield from self.fences(state, j)
        elif collector.pc == CHECK:
            yield self.checks(state, j)
        elif collector.pc == MOVE:
            yield from self.moves(state, j)
        else:
            yield from getattr(self, self.p.tail[collector.pc - TAIL])(state, j)
        yield self.did(f"C{j} crashes", self.unlisted(state, j), j, IDLE)

    def did(self, name, state, j, collector, store=None):
        collectors = state.collectors[:j] + (collector,) + state.collectors[j + 1:]
        writers = state.writers
        if self.alike and len(collectors) == 2 and collectors[1] < collectors[0]:
            collectors = collectors[::-1]
            writers = tuple(w._replace(seen=(0, 2, 1, 3)[w.seen]) if w.seen else w for w in writers)
        return name, State(store or state.store, writers, collectors, state.reader)

    def next_in_tail(self, collector):
        following = collector.pc + 1 - TAIL
        if self.p.tail[following:following + 1] == ("delete",) and not collector.drop:
            following += 1
        if following == len(self.p.tail):
            return IDLE
        return collector._replace(pc=TAIL + following)

    def begins(self, state, j):
        """Creates collect/<n>, or resumes the one that is open."""
        store = state.store
        if store.collect:
            yield self.did(f"C{j} resumes", state, j,
                           Collector(LIST, store.collect.number, store.collect.listed, 0, 0))
        elif store.ended < self.s.rounds:
            number = store.ended + 1 if self.p.unique_numbers else 1
            named = self.renamed(state, FORGOTTEN, NAMED)
            for listed in self.listings(state):
                yield self.did(f"C{j} creates collect {number} listing {listed}", named, j,
                               Collector(LIST, number, listed, 0, 0),
                               named.store._replace(collect=Collect(number, listed),
                                                    sparse=self.s.sparse))

    @staticmethod
    def renamed(state, before, after):
        """Moves every snapshot in the one condition to the other."""
        writers = tuple(w._replace(key=after) if w.key == before else w for w in state.writers)
        old = after if state.store.old == before else state.store.old
        return state._replace(store=state.store._replace(old=old), writers=writers)

    def listings(self, state):
        """All packs or any one, dead or not: that is judged later, so that no list does harm."""
        packs = state.store.packs & ~(self.unborn(state) if self.s.births else 0)
        chosen = {packs, *(pack for pack in self.content if pack & packs)}
        may_be_empty = self.s.forgets or self.s.sparse or self.s.births
        return chosen | {0} if may_be_empty else chosen - {0}

    def unborn(self, state):
        """Packs whose session has not ended."""
        found = 0
        for i, writer in enumerate(state.writers):
            if writer.key in (NONE, OPEN):
                found |= self.new[i][writer.tries]
            if writer.crashed:
                found |= self.new[i][writer.tries - 1]
        return found

    def lists_sessions(self, state, j):
        writers = tuple(w._replace(seen=w.seen | 1 << j) if w.key == OPEN else w
                        for w in state.writers)
        collector = state.collectors[j]._replace(pc=FENCE)
        return self.did(f"C{j} lists sessions", state._replace(writers=writers), j, collector)

    def fences(self, state, j):
        """Ends each listed session by a void, or waits; then reads references and index."""
        waiting = False
        for i, writer in enumerate(state.writers):
            if writer.key == OPEN and writer.seen >> j & 1:
                waiting = True
                yield self.wrote(f"C{j} voids W{i}", state, i, writer._replace(key=VOID, seen=0))
            if writer.crashed:
                yield self.wrote(f"C{j} voids the crashed session of W{i}", state, i,
                                 writer._replace(crashed=False))
        if waiting and self.p.gives_up:
            yield from self.end(self.unlisted(state, j), j)
        if not waiting or not self.p.waits:
            yield from self.rereads(state, j)

    def rereads(self, state, j):
        store, collector = state.store, state.collectors[j]
        current = store.collect and store.collect.number == collector.number
        refs = self.references(state, self.counted(current)) if self.p.rereads else 0
        judgements = [self.judges(collector.drop, refs, store)]
        if not self.p.judges_alike and judgements[0][1]:
            judgements.append((0, 0))  # this one finds that a move does not pay
        for drop, move in judgements:
            judged = collector._replace(pc=CHECK, drop=drop, move=move, index=store.index)
            yield self.did(f"C{j} reads references, will drop {drop} and move {move}",
                           self.unlisted(state, j), j, judged)

    def counted(self, current):
        if not self.p.names_forgotten:
            return (KEPT,)
        return (KEPT, FORGOTTEN) if current else (KEPT, FORGOTTEN, NAMED)

    def judges(self, listed, refs, store):
        """Of the listed packs, those to drop, and of them those to copy live segments from first.
        What is dropped follows from the list and the references alone, so that all who work on the
        same collection agree; what must be copied may differ."""
        drop = move = 0
        others = store.packs & store.index & ~(listed if self.p.elsewhere_unlisted else 0)
        for pack in self.content:
            live = self.content[pack] & refs if pack & listed else 0
            movable = self.s.moves and not live & ~LIVE
            drop |= pack & listed if not live or movable else 0
            move |= pack if live and movable and live & ~self.holds(others & ~pack) else 0
        return drop, move

    @staticmethod
    def unlisted(state, j):
        if not any(w.seen >> j & 1 for w in state.writers):
            return state
        writers = tuple(w._replace(seen=w.seen & ~(1 << j)) for w in state.writers)
        return state._replace(writers=writers)

    def checks(self, state, j):
        collect, collector = state.store.collect, state.collectors[j]
        is_open = collect and collect.number == collector.number
        if self.p.checks_open and not is_open:
            return self.did(f"C{j} finds its collection ended", state, j, IDLE)
        following = MOVE if collector.move else TAIL
        return self.did(f"C{j} finds its collection open", state, j,
                        collector._replace(pc=following))

    def moves(self, state, j):
        """Copies live segments to a new pack, unless somebody has already moved and deleted. There
        are three new packs at most: who finds none left waits for ever."""
        store, collector = state.store, state.collectors[j]
        if not store.packs & collector.move:
            yield self.did(f"C{j} finds them moved", state, j, collector._replace(pc=TAIL, move=0))
        elif store.made < len(self.moved):
            made = self.moved[store.made]
            yield self.did(f"C{j} moves live segments to {made}", state, j,
                           collector._replace(pc=TAIL, move=made),
                           store._replace(packs=store.packs | made, made=store.made + 1))

    def publish(self, state, j):
        store, collector = state.store, state.collectors[j]
        index = (store.index | collector.index) & ~collector.drop | collector.move
        yield self.did(f"C{j} publishes the index without {collector.drop}", state, j,
                       self.next_in_tail(collector._replace(move=0, index=0)),
                       store._replace(index=index))

    def delete(self, state, j):
        store, collector = state.store, state.collectors[j]
        gone = store._replace(packs=store.packs & ~collector.drop)
        yield self.did(f"C{j} deletes {collector.drop}", state, j,
                       self.next_in_tail(collector), gone)
        if self.s.late and collector.drop:
            yield self.did(f"C{j} sends DELETE {collector.drop} and crashes", state, j, IDLE,
                           store._replace(late=store.late | collector.drop))

    def end(self, state, j):
        """Ends the collection, and removes the heads of the snapshots it named as forgotten."""
        collector, collect = state.collectors[j], state.store.collect
        if collect and collect.number == collector.number:
            state = self.renamed(state, NAMED, REMOVED)
            kept = state.store.sparse if self.p.sparse_stays else 0
            store = state.store._replace(collect=None, ended=state.store.ended + 1, sparse=kept)
            state = state._replace(store=store)
        following = self.next_in_tail(collector) if collector.pc >= TAIL else IDLE
        yield self.did(f"C{j} ends its collection", state, j, following)

    # ---- whatever else happens ----

    def forget_steps(self, state):
        """A statement makes a snapshot forgotten; without the rule the head goes with it."""
        after = FORGOTTEN if self.p.names_forgotten else REMOVED
        store = state.store
        if "old" in self.s.forgets and store.old == KEPT:
            yield "old snapshot forgotten", state._replace(store=store._replace(old=after))
        if "new" in self.s.forgets:
            for i, writer in enumerate(state.writers):
                if writer.key == KEPT:
                    yield self.wrote(f"W{i}'s snapshot forgotten", state, i,
                                     writer._replace(key=after))

    @staticmethod
    def late_steps(state):
        store = state.store
        if store.late:
            pack = store.late & -store.late
            yield f"late DELETE {pack} arrives", state._replace(
                store=store._replace(packs=store.packs & ~pack, late=store.late & ~pack))

    def reader_steps(self, state):
        """Reads the old snapshot; a pack that is missing makes it read the index again."""
        store, reader = state.store, state.reader
        if reader.pc == 0:
            yield "reader reads the index", state._replace(reader=Reader(FETCH, store.index))
        if reader.pc != FETCH:
            return
        missing = self.s.old_refs & ~self.holds(reader.index & store.packs)
        if not missing or store.old != KEPT:
            following = Reader(READ, 0)
        elif reader.index == store.index or not self.p.reader_rereads:
            following = Reader(GAVE_UP, 0)
        else:
            following = Reader(FETCH, store.index)
        yield "reader fetches", state._replace(reader=following)
