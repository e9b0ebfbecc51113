"""How the review page says no: in JSON to the script, on a page to a person."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from outcross.errors import ClaimLost, NotAdmitted, OutcrossError, ReviewError, StoreBusy, TooManyAttempts
from outcross.review.pages import render

STATUSES: dict[type[Exception], int] = {
    ClaimLost: 409,
    StoreBusy: 503,
    ReviewError: 422,
    NotAdmitted: 403,
    TooManyAttempts: 429,
}


def wants_page(request: Request) -> bool:
    """Whether a person's window asks, and not the script."""
    return request.method in {"GET", "HEAD"} or "text/html" in request.headers.get("accept", "")


def answer(request: Request, status: int, message: str) -> Response:
    """Say no in the way in which the request was made."""
    if not wants_page(request):
        return JSONResponse({"error": message}, status)
    return HTMLResponse(render("refused.html", status=status, message=message), status)


def refusal(request: Request, error: OutcrossError) -> Response:
    """Say what an error says."""
    return answer(request, status_of(error), str(error))


def status_of(error: Exception) -> int:
    """The HTTP status for one of our errors."""
    return STATUSES.get(type(error), 500)


def explain(app: FastAPI) -> None:
    """Let `app` answer its framework's errors in words, too; the guard answers ours."""
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_malformed)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for it alone
    said = {404: "There is no such page.", 405: "This address doesn't take that kind of request."}
    response = answer(request, error.status_code, said.get(error.status_code, error.detail))
    response.headers.update(error.headers or {})
    return response


async def _on_malformed(request: Request, error: Exception) -> Response:
    """Say what is wrong with a request, without echoing what it held."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it alone
    faults = (f"{fault['loc'][-1]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
    return answer(request, 422, "; ".join(faults))
