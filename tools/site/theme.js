'use strict';
// Before anything is drawn: light or dark, as the reader chose here or as the system prefers.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem('bears-theme'); } catch { /* a private window: the system decides */ }
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  document.documentElement.classList.add('script');
})();
