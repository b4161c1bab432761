"""What other sites' pages load: the launcher, the frame, its script and its style."""

from starlette.responses import Response

from helpdesk.core.assets import FOREVER, Asset, accepts_gzip
from helpdesk.permissions import Can
from helpdesk.security import FRAMED, POLICY
from helpdesk.web import Problem, WebRequest, api, render

from .bundle import bundle
from .queries import DEMO, shown_widget

SOON = "public, max-age=300, stale-while-revalidate=86400"  # an update reaches every site soon


def packed(request: WebRequest, asset: Asset, headers: dict[str, str]) -> Response:
    headers = {"ETag": asset.etag, "Vary": "Accept-Encoding", **headers}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.packed and accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, headers=headers, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


async def launcher(request: WebRequest) -> Response:
    """One address for good; any page may load it, also one that isolates itself."""
    headers = {
        "Cache-Control": SOON,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return packed(request, bundle().launcher, headers)


async def script(request: WebRequest) -> Response:
    return packed(request, bundle().script, kept(request))


async def style(request: WebRequest) -> Response:
    return packed(request, bundle().style, kept(request))


def kept(request: WebRequest) -> dict[str, str]:
    """For ever under today's name; a frame of before gets today's file, not kept."""
    return {"Cache-Control": FOREVER if request.url.query == bundle().build else "no-cache"}


async def frame(request: WebRequest) -> Response:
    """The only page that others may frame, and of others only this widget's sites."""
    shown = await shown_widget(request.state["desk"], request.path_params["key"])
    if shown is None:
        raise Problem(404, "Not found")
    page = render(
        request,
        "widget/frame.html",
        widget=shown.widget,
        origins=shown.origins,
        build=bundle().build,
    )
    policy = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {shown.ancestors}")
    page.headers.update(
        {
            "Content-Security-Policy": policy,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cross-Origin-Embedder-Policy": "require-corp",
            "Cache-Control": "private, max-age=60",
        }
    )
    page.headers[FRAMED[0].decode()] = FRAMED[1].decode()
    return page


async def demo(request: WebRequest) -> Response:
    """A page around the widget of the demonstration; a desk that works has none."""
    shown = await shown_widget(request.state["desk"], DEMO)
    if shown is None:
        raise Problem(404, "Not found")
    page = render(request, "widget/demo.html", widget=shown.widget)
    page.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return page


routes = [
    api("/widget/demo", demo, can=Can.VISIT),
    api("/widget.js", launcher, can=Can.VISIT),
    api("/widget/frame.js", script, can=Can.VISIT),
    api("/widget/frame.css", style, can=Can.VISIT),
    api("/widget/{key}/frame", frame, can=Can.VISIT),
]
