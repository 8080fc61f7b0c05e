"""Lesions followed through all visits: what each consists of, and where its place lies when it is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from LiverTumorSegLib.followup.anchors import Seen
from LiverTumorSegLib.followup.matching import match
from LiverTumorSegLib.followup.point_map import PointMap
from LiverTumorSegLib.followup.regions import Region, together
from LiverTumorSegLib.followup.track_settings import MatchSettings

Lesions = Mapping[int, Region]
"""Of a visit, by id."""


@dataclass(eq=False)
class Track:
    """One lesion. parts: per visit, the ids it consists of, the largest first. places: per visit, where it lies or,
    carried over, would lie. merged_into: per visit, the number of the track that it is counted in, or None.
    """

    number: int
    parts: list[tuple[int, ...]] = field(default_factory=list)
    places: list[Region] = field(default_factory=list)
    merged_into: list[int | None] = field(default_factory=list)
    pieces: list[Region] = field(default_factory=list)
    """Its parts where they were last seen, in the space of the visit that is being looked at."""

    @property
    def first_visit(self) -> int:
        return next(visit for visit, parts in enumerate(self.parts) if parts)


def follow(
    lesions: Sequence[Lesions],
    maps: Sequence[PointMap],
    continues: Mapping[Seen, Seen | None],
    settings: MatchSettings,
) -> list[Track]:
    """In the order of the first visit, then of the id there (which is that of volume).

    lesions: per visit, in its space. maps: per visit, the one to the visit before (that of the first is not used).
    continues: a reader's matches, which hold whatever the rest says. A lesion that was lost is looked for at every
    later visit, where its place lies by then.
    """
    tracks: list[Track] = []
    for visit, now in enumerate(lesions):
        for track in tracks:
            track.pieces = [_carried_on(piece, maps[visit]) for piece in track.pieces]
        wishes = {lesion: earlier for (when, lesion), earlier in continues.items() if when == visit}
        found, merged = _found_again(tracks, now, wishes, settings)
        for track in tracks:
            _note(track, found.get(track.number, []), now, merged.get(track.number))
        known = {lesion for ids in found.values() for lesion in ids}
        for lesion in sorted(set(now) - known):
            track = Track(len(tracks), [()] * visit, [], [None] * visit)
            track.places = _carried_back(now[lesion], maps, visit)
            _note(track, [lesion], now, None)
            tracks.append(track)
    return tracks


def _found_again(
    tracks: Sequence[Track], now: Lesions, wishes: Mapping[int, Seen | None], settings: MatchSettings
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Ids of this visit by the number of their track, and which tracks have merged into which."""
    found: dict[int, list[int]] = {}
    for lesion, earlier in wishes.items():
        if earlier is not None and lesion in now:
            found.setdefault(_owner(tracks, earlier), []).append(lesion)
    rows = [(track.number, piece) for track in tracks if track.number not in found for piece in track.pieces]
    columns = [lesion for lesion in sorted(now) if lesion not in wishes]
    matching = match([piece for _, piece in rows], [now[lesion] for lesion in columns], settings)
    for column, row in sorted(matching.pairs.items()):
        found.setdefault(rows[row][0], []).append(columns[column])
    owners = {lesion: number for number, ids in found.items() for lesion in ids}
    merged = {rows[row][0]: owners[columns[column]] for row, column in sorted(matching.merged.items())}
    return found, {number: into for number, into in merged.items() if number not in found and number != into}


def _owner(tracks: Sequence[Track], seen: Seen) -> int:
    visit, lesion = seen
    return next(track.number for track in tracks if lesion in track.parts[visit])


def _note(track: Track, ids: list[int], now: Lesions, merged_into: int | None) -> None:
    """What a track is at this visit; one that has merged stays so until it is found by itself again."""
    if ids:
        track.pieces = [now[lesion] for lesion in sorted(ids)]
    elif merged_into is None and track.merged_into:
        merged_into = track.merged_into[-1]
    track.parts.append(tuple(sorted(ids)))
    track.places.append(together(track.pieces))
    track.merged_into.append(None if ids else merged_into)


def _carried_on(region: Region, to_previous: PointMap) -> Region:
    return region.moved(to_previous.from_previous(region.points_ras))


def _carried_back(region: Region, maps: Sequence[PointMap], visit: int) -> list[Region]:
    """Of all visits before, in their order."""
    places = [region]
    for later in range(visit, 0, -1):
        places.append(region.moved(maps[later].to_previous(places[-1].points_ras)))
    return places[:0:-1]
