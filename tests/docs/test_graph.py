"""Where the parts of a picture are drawn."""

from hypothesis import given
from hypothesis import strategies as st

from etl.docs.graph import BOX, Edge, Graph, Place, placed
from etl.docs.lineage import Kind, Node


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw layered graphs: some columns of some nodes, some edges from one to a later one."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    columns = [
        (f"column {number}", tuple(Node(Kind.FACT, f"{number}-{row}" * (1 + row)) for row in range(size)))
        for number, size in enumerate(sizes)
    ]
    pairs = [
        (source, target)
        for left, (_, sources) in enumerate(columns)
        for _, targets in columns[left + 1 :]
        for source in sources
        for target in targets
    ]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []
    edges = tuple(Edge(*pair, firm=draw(st.booleans())) for pair in chosen)
    return Graph("a graph", "drawn", tuple(columns), edges)


@given(graphs())
def test_nothing_is_drawn_over_a_name(graph: Graph) -> None:
    """Boxes do not touch, and no edge passes through one that it does not belong to."""
    place = placed(graph)
    boxes = {box.node: box for box in place.boxes}
    assert set(boxes) == set(graph.nodes)
    for n, a in enumerate(place.boxes):
        for b in place.boxes[:n]:
            assert a.left + a.width < b.left or b.left + b.width < a.left or abs(a.top - b.top) > BOX
    for edge, points in place.paths:
        for (x, y), (to_x, to_y) in zip(points[1:-1:2], points[2:-1:2], strict=True):
            assert y == to_y
            passed = [box for box in place.boxes if x <= box.left and box.left + box.width <= to_x]
            assert passed
            assert not [box.node for box in passed if box.top <= y <= box.top + BOX]
        assert points[0][0] == boxes[edge.source].left + boxes[edge.source].width
        assert points[-1][0] == boxes[edge.target].left


@given(graphs())
def test_edges_run_from_left_to_right(graph: Graph) -> None:
    """Each edge goes on from column to column, within the picture."""
    place: Place = placed(graph)
    assert len(place.paths) == len(graph.edges)
    for _, points in place.paths:
        across = [x for x, _ in points]
        assert across == sorted(across)
        assert all(0 <= x <= place.width and 0 <= y <= place.height for x, y in points)
