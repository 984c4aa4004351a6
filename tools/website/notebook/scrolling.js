// What scrolls can be reached by keyboard, and nothing else is a stop on the way.
{
  const mark = (box) => {
    const longer = box.matches(".table-wrapper") && box.scrollHeight > box.clientHeight;
    if (longer || box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
  for (const box of document.querySelectorAll(":is(article, main) :is(div, pre)"))
    if (/auto|scroll/.test(getComputedStyle(box).overflowX)) {
      mark(box);
      watch.observe(box);
    }
}
