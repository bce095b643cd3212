"""The compiled loops of the exact search: sets in range are met one by one, and put together to covers.

Sets of atoms are rows of whole numbers, ``BITS`` atoms in each. Every loop does so many steps and comes back, so that
whoever called it can look at the clock, and goes on from where it was. The kernels that call one another are in this
file, see ``kernels``.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.compilation import kernel

Integers = NDArray[np.int64]

#: Atoms in one number; the sign stays out of it.
BITS = 62
#: What a loop came back for: it is through, it has found a cover, its steps are used up, its arrays are full.
DONE, FOUND, PAUSED, FULL = 0, 1, 2, 3
#: Slots of ``Growth.counts``.
TOP, SETS, FIRST, STATUS = 0, 1, 2, 3
#: Slots of ``Choice.counts``; ``STATUS`` is the same. A frame is entered, or gone on with.
DEPTH, FAILURES, ENTERING = 0, 1, 2
#: What a frame of ``Choice`` is at: sets with its atom, going without the atom, nothing any more.
WITH, WITHOUT, OVER = 0, 1, 2
#: Further than any limit on households.
FAR = 1 << 60

#: The place of a single bit, by the top six bits of its product with the sequence: each six of these come up once.
_SEQUENCE = 0x03F79D71B4CB0A89
_PLACE = np.zeros(64, np.int64)
_PLACE[[(_SEQUENCE << k & (1 << 64) - 1) >> 58 for k in range(64)]] = np.arange(64)


class Surroundings(NamedTuple):
    """A pocket and what is tracked around it, in local numbers: the pocket first.

    Attributes
    ----------
    weight
        Households of each tracked atom.
    reach
        Sets: tracked atoms that touch each of them, or that share a patch with it.
    patches
        Sets: patches that each of them touches.
    patch_weight
        Households of each patch.
    far
        By atom of the pocket and tracked atom: least households to take along from next to the one up to the other.
    """

    weight: Integers
    reach: Integers
    patches: Integers
    patch_weight: Integers
    far: Integers


class Growth(NamedTuple):
    """Sets still to be grown, one per row, those in range so far, and the one at hand."""

    part: Integers
    border: Integers
    banned: Integers
    patches: Integers
    own: Integers
    shared: Integers
    found: Integers
    hand: Integers
    counts: Integers


class Choice(NamedTuple):
    """Frames of the search for a cover, one per row, and what has failed.

    Attributes
    ----------
    sets, held, start
        The sets that may be chosen; those that hold each atom of the pocket, in compressed rows.
    matter
        For each atom of the pocket, all that sets with it hold.
    keys, slots
        What could not be covered, as rows, and where each is to be looked for.
    """

    sets: Integers
    held: Integers
    start: Integers
    matter: Integers
    wanted: Integers
    used: Integers
    mattering: Integers
    frames: Integers
    keys: Integers
    slots: Integers
    counts: Integers


#: Columns of ``Choice.frames``.
SPARED, ATOM, PHASE, AT, FERTILE, CHOSEN = 0, 1, 2, 3, 4, 5


@kernel
def place_of(bit: Any) -> Any:
    """Return the place of the only bit that is set."""
    return _PLACE[(bit * _SEQUENCE) >> 58 & 63]


@kernel
def holds(row: Any, i: Any) -> Any:
    """Tell whether a set has a member."""
    return row[i // BITS] >> i % BITS & 1


@kernel
def meet(one: Any, other: Any) -> Any:
    """Tell whether two sets have a member in common."""
    common = np.int64(0)
    for w in range(len(one)):
        common |= one[w] & other[w]
    return common != 0


# ── the ball around a pocket ─────────────────────────────────────────────────────────────────────────────────────────


@kernel
def gather_country(start: Any, near: Any, inside: Any, country: Any, count: Any) -> Any:
    """Collect the atoms around a pocket in the order of steps from it, until there is no room left.

    Parameters
    ----------
    inside
        Scratch per atom of the land, all false; left as which were collected.
    country
        Room for them, begun with the ``count`` atoms of the pocket.

    Returns
    -------
    int
        How many there are.
    """
    for k in range(count):
        inside[country[k]] = True
    done = 0
    while done < count:
        a = country[done]
        done += 1
        for e in range(start[a], start[a + 1]):
            b = near[e]
            if not inside[b] and count < len(country):
                inside[b] = True
                country[count] = b
                count += 1
    return count


@kernel
def on_rim(start: Any, near: Any, inside: Any, atom: Any) -> bool:
    """Tell whether an atom of the country touches what is beyond it."""
    found = False
    for e in range(start[atom], start[atom + 1]):
        found = found or not inside[near[e]]
    return found


@kernel
def gather_ball(
    weight: Any, start: Any, near: Any, upper: Any, inside: Any, country: Any, number: Any, least: Any, pocket: Any
) -> tuple[int, bool]:
    """Put the atoms of a country that sets in range around its pocket can reach first, in the order of steps from it.

    Whoever reaches the rim reaches all of the rim: nobody knows what is beyond.

    Parameters
    ----------
    number, least
        Scratch per atom of the land, all zero; ``number`` is left as one more than the place in ``country``.
    pocket
        How many atoms the country begins with.

    Returns
    -------
    tuple
        How many there are, and whether what is beyond the country can be reached.
    """
    # Households first, by shelves: whoever reaches an atom first reaches it with the fewest, for what an atom adds
    # does not depend on where one comes from.
    shelf, behind = np.zeros(upper + 2, np.int64), number
    beyond = False
    for k in range(pocket):
        atom = country[k]
        least[atom] = weight[atom] + 1
        behind[atom], shelf[least[atom]] = shelf[least[atom]], atom + 1
    for households in range(upper + 2):
        while shelf[households]:
            a = shelf[households] - 1
            shelf[households], behind[a] = behind[a], 0
            for e in range(start[a], start[a + 1]):
                b = near[e]
                if inside[b]:
                    there = households + weight[b]
                    if least[b] == 0 and there <= upper + 1:
                        least[b] = there
                        behind[b], shelf[there] = shelf[there], b + 1
                elif not beyond:
                    beyond = True
                    for k in range(pocket, len(country)):
                        atom = country[k]
                        there = households + weight[atom]
                        if least[atom] == 0 and there <= upper + 1 and on_rim(start, near, inside, atom):
                            least[atom] = there
                            behind[atom], shelf[there] = shelf[there], atom + 1
    ball = np.empty(len(country), np.int64)
    count = 0
    for k in range(pocket):
        ball[k] = country[k]
        number[ball[k]] = count = k + 1
    done = 0
    while done < count:
        a = ball[done]
        done += 1
        for e in range(start[a], start[a + 1]):
            b = near[e]
            if least[b] > 0 and number[b] == 0:
                number[b] = count + 1
                ball[count] = b
                count += 1
    # Those that are reached from beyond alone.
    for k in range(pocket, len(country)):
        if least[country[k]] > 0 and number[country[k]] == 0:
            number[country[k]] = count + 1
            ball[count] = country[k]
            count += 1
    country[:count] = ball[:count]
    return count, beyond


@kernel
def fill_patch(
    weight: Any,
    start: Any,
    near: Any,
    atoms: Any,
    place: Any,
    tracked: Any,
    patch: Any,
    stack: Any,
    top: Any,
    number: Any,
) -> Any:
    """Let a patch grow from the ``top`` atoms on the stack over all that is not tracked; return its households."""
    households = np.int64(0)
    while top:
        top -= 1
        i = stack[top]
        households += weight[atoms[i]]
        for e in range(start[atoms[i]], start[atoms[i] + 1]):
            j = place[near[e]] - 1
            if j >= tracked and patch[j] < 0:
                patch[j] = number
                stack[top] = j
                top += 1
    return households


@kernel
def share_rest(
    weight: Any,
    start: Any,
    near: Any,
    atoms: Any,
    place: Any,
    inside: Any,
    plenty: Any,
    reach: Any,
    patch: Any,
    patch_weight: Any,
) -> Any:
    """Find the patches of a ball that are not tracked; fill in which tracked atoms touch.

    Parameters
    ----------
    atoms, place
        The ball, tracked atoms first; one more than the place of each atom of the land in it, 0 outside of it.
    inside, plenty
        The country, and the households to reckon with beyond it; 0 where that cannot be reached. All that touches
        it is one patch, the first.
    patch
        Scratch per atom of the ball; left as the patch of each that is not tracked.

    Returns
    -------
    int
        How many patches there are.
    """
    tracked, patches = len(reach), 0
    stack = np.empty(len(atoms), np.int64)
    if plenty:
        top = 0
        for k in range(tracked, len(atoms)):
            if on_rim(start, near, inside, atoms[k]):
                patch[k], stack[top] = 0, k
                top += 1
        fill_patch(weight, start, near, atoms, place, tracked, patch, stack, top, 0)
        patch_weight[0] = plenty
        patches = 1
    for k in range(tracked, len(atoms)):
        if patch[k] < 0:
            patch[k], stack[0] = patches, k
            patch_weight[patches] = fill_patch(weight, start, near, atoms, place, tracked, patch, stack, 1, patches)
            patches += 1
    for i in range(tracked):
        for e in range(start[atoms[i]], start[atoms[i] + 1]):
            j = place[near[e]] - 1
            if 0 <= j < tracked:
                reach[i, j // BITS] |= 1 << j % BITS
    return patches


@kernel
def reach_through(
    start: Any, near: Any, atoms: Any, place: Any, inside: Any, patch: Any, rim: Any, reach: Any, touched: Any
) -> None:
    """Fill in which patches tracked atoms touch, and let those around one patch reach one another."""
    tracked = len(reach)
    for i in range(tracked):
        for e in range(start[atoms[i]], start[atoms[i] + 1]):
            j = place[near[e]] - 1
            if j >= tracked or not inside[near[e]]:
                k = patch[j] if j >= tracked else 0
                touched[i, k // BITS] |= 1 << k % BITS
                rim[k, i // BITS] |= 1 << i % BITS
    for i in range(tracked):
        for v in range(touched.shape[1]):
            left = touched[i, v]
            while left:
                bit = left & -left
                left ^= bit
                k = v * BITS + place_of(bit)
                for w in range(reach.shape[1]):
                    reach[i, w] |= rim[k, w]
        reach[i, i // BITS] &= ~(1 << i % BITS)


@kernel
def measure(weight: Any, reach: Any, upper: Any, far: Any) -> None:
    """Fill in ``Surroundings.far``."""
    tracked = len(weight)
    waiting = np.empty(tracked, np.int64)
    stands = np.zeros(tracked, np.bool_)
    for goal in range(len(far)):
        row = far[goal]
        row[:] = FAR
        row[goal] = weight[goal]
        waiting[0] = goal
        head, standing = 0, 1
        while standing:
            i = waiting[head]
            head = (head + 1) % tracked
            standing -= 1
            stands[i] = False
            for w in range(reach.shape[1]):
                left = reach[i, w]
                while left:
                    bit = left & -left
                    left ^= bit
                    j = w * BITS + place_of(bit)
                    there = row[i] + weight[j]
                    if there <= upper and there < row[j]:
                        row[j] = there
                        if not stands[j]:
                            stands[j] = True
                            waiting[(head + standing) % tracked] = j
                            standing += 1
        for i in range(tracked):
            if row[i] < FAR:
                row[i] -= weight[i]


# ── sets in range ────────────────────────────────────────────────────────────────────────────────────────────────────


@kernel
def patches_beside(around: Any, i: Any, known: Any) -> Any:
    """Households of the patches that an atom adds to those at hand."""
    total = 0
    for v in range(len(known)):
        left = around.patches[i, v] & ~known[v]
        while left:
            bit = left & -left
            left ^= bit
            total += around.patch_weight[v * BITS + place_of(bit)]
    return total


@kernel
def leads_on(around: Any, i: Any, pocket: Any, known: Any, border: Any, part: Any) -> Any:
    """Tell whether an atom has households, is of the pocket, or touches what is not at hand already."""
    if i < pocket or around.weight[i] > 0:
        return True
    new = np.int64(0)
    for v in range(len(known)):
        new |= around.patches[i, v] & ~known[v]
    for w in range(len(part)):
        new |= around.reach[i, w] & ~(border[w] | part[w])
    return new != 0


@kernel
def begin_growth(around: Any, growth: Any, first: Any) -> None:
    """Put the set of one atom of the pocket where sets are grown from; those with earlier atoms have been met."""
    words = growth.part.shape[1]
    for w in range(words):
        growth.part[0, w] = 0
        growth.border[0, w] = around.reach[first, w]
        growth.banned[0, w] = 0
    for i in range(first + 1):
        growth.banned[0, i // BITS] |= 1 << i % BITS
    growth.part[0, first // BITS] |= 1 << first % BITS
    for v in range(growth.patches.shape[1]):
        growth.patches[0, v] = 0
    growth.shared[0] = patches_beside(around, first, growth.patches[0])
    for v in range(growth.patches.shape[1]):
        growth.patches[0, v] = around.patches[first, v]
    growth.own[0] = around.weight[first]
    growth.counts[TOP] = 1
    growth.counts[FIRST] = first


@kernel
def grow_sets(around: Any, growth: Any, lower: Any, upper: Any, steps: Any) -> Any:
    """Meet the connected sets with atoms of the pocket once each, and keep those in range.

    An atom on the border is taken, or banned on that branch. A set in range grows on only along ways to further
    atoms of the pocket, since covers need no other.

    Returns
    -------
    int
        Steps done; why they ended is in ``growth.counts``.
    """
    pocket = len(around.far)
    words, room = growth.part.shape[1], len(growth.part)
    part, border, banned = growth.hand[0, :words], growth.hand[1, :words], growth.hand[2, :words]
    known = growth.hand[3, : growth.patches.shape[1]]
    goals = np.empty(pocket, np.int64)
    counts = growth.counts
    done = 0
    while True:
        if counts[TOP] == 0:
            if counts[FIRST] + 1 >= pocket:
                counts[STATUS] = DONE
                return done
            begin_growth(around, growth, counts[FIRST] + 1)
        if done >= steps:
            counts[STATUS] = PAUSED
            return done
        if counts[TOP] + len(around.weight) > room or counts[SETS] == len(growth.found):
            counts[STATUS] = FULL
            return done
        done += 1
        counts[TOP] -= 1
        top, first = counts[TOP], counts[FIRST]
        own, shared = growth.own[top], growth.shared[top]
        for w in range(words):
            part[w], border[w], banned[w] = growth.part[top, w], growth.border[top, w], growth.banned[top, w]
        for v in range(len(known)):
            known[v] = growth.patches[top, v]
        enough = own + shared >= lower
        ahead = 0
        if enough:
            for w in range(words):
                growth.found[counts[SETS], w] = part[w]
            counts[SETS] += 1
            for q in range(first + 1, pocket):
                if not holds(banned, q) and around.weight[first] + around.far[q, first] <= upper:
                    goals[ahead] = q
                    ahead += 1
            if ahead == 0:
                continue
        for w in range(words):
            options = border[w] & ~banned[w]
            while options:
                bit = options & -options
                options ^= bit
                banned[w] |= bit
                i = w * BITS + place_of(bit)
                then = own + around.weight[i]
                if then > upper or not leads_on(around, i, pocket, known, border, part):
                    continue
                if enough:
                    nearest = FAR
                    for k in range(ahead):
                        nearest = min(nearest, around.far[goals[k], i])
                    if then + nearest > upper:
                        continue
                top = counts[TOP]
                for x in range(words):
                    growth.part[top, x] = part[x]
                    growth.border[top, x] = border[x] | around.reach[i, x]
                    growth.banned[top, x] = banned[x]
                growth.part[top, w] |= bit
                for v in range(len(known)):
                    growth.patches[top, v] = known[v] | around.patches[i, v]
                growth.own[top] = then
                growth.shared[top] = shared + patches_beside(around, i, known)
                counts[TOP] += 1


@kernel
def drop_supersets(sets: Any, group: Any, kept: Any, at: Any, steps: Any) -> Any:
    """Mark sets that have no other of their group within; groups lie together, small sets first in each.

    Parameters
    ----------
    at
        Where to begin; what is before has been marked.

    Returns
    -------
    int
        Where it stopped after about so many comparisons.
    """
    first = at
    while first > 0 and group[first - 1] == group[at]:
        first -= 1
    while at < len(sets) and steps > 0:
        if at and group[at] != group[at - 1]:
            first = at
        kept[at] = True
        for k in range(first, at):
            if kept[k]:
                steps -= 1
                inside = True
                for w in range(sets.shape[1]):
                    if sets[k, w] & ~sets[at, w]:
                        inside = False
                        break
                if inside:
                    kept[at] = False
                    break
        steps -= 1
        at += 1
    return at


# ── covers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@kernel
def slot_of(choice: Any, wanted: Any, mattering: Any, spared: Any) -> Any:
    """Return where a failure is in the slots, or the free one where it would be."""
    words, slots = len(wanted), choice.slots
    mixed = np.int64(spared + 1)
    for w in range(words):
        mixed = (mixed ^ wanted[w]) * 0x2545F4914F6CDD1D
        mixed ^= mixed >> 29
        mixed = (mixed ^ mattering[w]) * 0x2545F4914F6CDD1D
        mixed ^= mixed >> 31
    at = mixed & (len(slots) - 1)
    while slots[at] >= 0:
        key = choice.keys[slots[at]]
        same = key[2 * words] == spared
        for w in range(words):
            same = same and key[w] == wanted[w] and key[words + w] == mattering[w]
        if same:
            return at
        at = (at + 1) & (len(slots) - 1)
    return at


@kernel
def rehash(choice: Any) -> None:
    """Enter all failures into the slots anew."""
    words = choice.wanted.shape[1]
    choice.slots[:] = -1
    for k in range(choice.counts[FAILURES]):
        key = choice.keys[k]
        choice.slots[slot_of(choice, key[:words], key[words : 2 * words], key[2 * words])] = k


@kernel
def enter_frame(choice: Any) -> Any:
    """Find the atom with the fewest sets left, and tell whether it is known that this frame must fail."""
    depth = choice.counts[DEPTH]
    wanted, used, mattering = choice.wanted[depth], choice.used[depth], choice.mattering[depth]
    frame = choice.frames[depth]
    words = len(wanted)
    mattering[:] = 0
    best = -1
    for w in range(words):
        left = wanted[w]
        while left:
            bit = left & -left
            left ^= bit
            i = w * BITS + place_of(bit)
            still = 0
            for e in range(choice.start[i], choice.start[i + 1]):
                if not meet(choice.sets[choice.held[e]], used):
                    still += 1
                    if still == best:
                        break
            if best < 0 or still < best:
                best = still
                frame[ATOM] = i
            for x in range(words):
                mattering[x] |= choice.matter[i, x]
    for w in range(words):
        mattering[w] &= used[w]
    frame[PHASE], frame[AT], frame[FERTILE] = WITH, choice.start[frame[ATOM]], 0
    return choice.slots[slot_of(choice, wanted, mattering, frame[SPARED])] >= 0


@kernel
def push_frame(choice: Any, chosen: Any) -> None:
    """Open the frame below: with a set, or with none, without the atom of this one."""
    depth = choice.counts[DEPTH]
    frame, below = choice.frames[depth], choice.frames[depth + 1]
    for w in range(choice.wanted.shape[1]):
        taken = np.int64(0)
        if chosen >= 0:
            taken = choice.sets[chosen, w]
        elif frame[ATOM] // BITS == w:
            taken = np.int64(1) << frame[ATOM] % BITS
        choice.wanted[depth + 1, w] = choice.wanted[depth, w] & ~taken
        choice.used[depth + 1, w] = choice.used[depth, w] | taken
    below[SPARED] = frame[SPARED] - (1 if chosen < 0 else 0)
    below[CHOSEN] = chosen
    choice.counts[DEPTH] = depth + 1
    choice.counts[ENTERING] = 1


@kernel
def advance_frame(choice: Any) -> bool:
    """Open the next frame below the deepest one; return False when there is none."""
    depth = choice.counts[DEPTH]
    frame = choice.frames[depth]
    if frame[PHASE] == WITH:
        while frame[AT] < choice.start[frame[ATOM] + 1]:
            chosen = choice.held[frame[AT]]
            frame[AT] += 1
            if not meet(choice.sets[chosen], choice.used[depth]):
                push_frame(choice, chosen)
                return True
        frame[PHASE] = WITHOUT
    if frame[PHASE] == WITHOUT:
        frame[PHASE] = OVER
        if frame[SPARED] > 0:
            push_frame(choice, -1)
            return True
    return False


@kernel
def note_failure(choice: Any) -> None:
    """Remember what the deepest frame could not do."""
    depth, failures = choice.counts[DEPTH], choice.counts[FAILURES]
    wanted, mattering, spared = choice.wanted[depth], choice.mattering[depth], choice.frames[depth, SPARED]
    words = len(wanted)
    at = slot_of(choice, wanted, mattering, spared)
    if choice.slots[at] < 0:
        for w in range(words):
            choice.keys[failures, w] = wanted[w]
            choice.keys[failures, words + w] = mattering[w]
        choice.keys[failures, 2 * words] = spared
        choice.slots[at] = failures
        choice.counts[FAILURES] = failures + 1


@kernel
def choose_sets(choice: Any, steps: Any) -> Any:
    """Go on to the next cover: the atom with the fewest sets left first, failures remembered.

    Returns
    -------
    int
        Steps done, one per atom looked at; why they ended is in ``choice.counts``. After ``FOUND`` the sets of the
        cover are those chosen by the frames.
    """
    counts = choice.counts
    done = 0
    while counts[DEPTH] >= 0:
        depth = counts[DEPTH]
        if counts[ENTERING]:
            open_atoms = 0
            for w in range(choice.wanted.shape[1]):
                left = choice.wanted[depth, w]
                while left:
                    left &= left - 1
                    open_atoms += 1
            if open_atoms == 0:
                for k in range(depth):
                    choice.frames[k, FERTILE] = 1
                choice.frames[depth, PHASE], choice.frames[depth, FERTILE] = OVER, 1
                counts[ENTERING] = 0
                counts[STATUS] = FOUND
                return done
            if done + open_atoms > steps:
                counts[STATUS] = PAUSED
                return done
            done += open_atoms
            counts[ENTERING] = 0
            if enter_frame(choice):
                counts[DEPTH] -= 1
                continue
        if counts[FAILURES] == len(choice.keys):
            counts[STATUS] = FULL
            return done
        if not advance_frame(choice):
            if not choice.frames[depth, FERTILE]:
                note_failure(choice)
            counts[DEPTH] -= 1
    counts[STATUS] = DONE
    return done
