"""What a person needs to see a page and to hear it read: contrast, names, order."""

from typing import Any

from selenium.webdriver import Chrome

FAINT = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const known = new Map();
const rgba = (color) => {
  if (!known.has(color)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    known.set(color, [r, g, b, a / 255]);
  }
  return known.get(color);
};
const over = ([r, g, b, a], under) => [r, g, b].map((one, at) => one * a + under[at] * (1 - a));
const ground = (element) => {
  const under = element.parentElement ? ground(element.parentElement) : [255, 255, 255];
  return over(rgba(getComputedStyle(element).backgroundColor), under);
};
const linear = (one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
const light = (rgb) => {
  const [r, g, b] = rgb.map((one) => linear(one / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (element) => {
  const under = ground(element);
  let [r, g, b, a] = rgba(getComputedStyle(element).color);
  for (let one = element; one; one = one.parentElement) a *= getComputedStyle(one).opacity;
  const [dark, bright] = [light(under), light(over([r, g, b, a], under))].sort((one, other) => one - other);
  return (bright + 0.05) / (dark + 0.05);
};
const seen = (text) => {
  const { parentElement } = text;
  const shown = parentElement.checkVisibility({ visibilityProperty: true });
  return text.data.trim() && shown && !parentElement.closest(".unseen, noscript");
};
const faint = [];
const texts = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  if (!seen(texts.currentNode)) continue;
  const element = texts.currentNode.parentElement;
  const { fontSize, fontWeight } = getComputedStyle(element);
  const isLarge = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
  const found = contrast(element);
  if (found < (isLarge ? 3 : 4.5)) faint.push(`${found.toFixed(2)} of ${element.outerHTML.slice(0, 120)}`);
}
return faint;
"""

NAMED = {
    "button", "link", "textbox", "region", "dialog", "complementary", "navigation", "progressbar", "meter", "table",
    "timer", "group", "heading",
}  # fmt: skip
"""Roles that say nothing by themselves."""


def faint(driver: Chrome) -> list[str]:
    """Texts with less contrast than WCAG 2.2 asks for (criterion 1.4.3): 4.5 to 1, and 3 to 1 where they are large."""
    return driver.execute_script(FAINT)


def unnamed(driver: Chrome) -> list[Any]:
    """What a screen reader meets and could not name; the browser works the names out."""
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    met = [node for node in nodes if not node["ignored"] and node["role"]["value"] in NAMED]
    assert met
    return [node["role"]["value"] for node in met if not node.get("name", {}).get("value", "").strip()]


def doubled(driver: Chrome) -> list[str]:
    """Ids that stand in the page more than once."""
    ids: list[str] = driver.execute_script("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    return sorted({one for one in ids if ids.count(one) > 1})
