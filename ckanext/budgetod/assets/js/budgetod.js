/* What a script adds to pages that work without one: the chosen file's name, dropping a file,
   a second press of « Publier » ignored, printing, announcing an end. */
(function () {
  "use strict";

  function each(root, selector, act) {
    root.querySelectorAll(selector).forEach(act);
  }

  function showChosen(zone, input) {
    var line = zone.querySelector("[data-bod-chosen]");
    var file = input.files && input.files[0];
    line.hidden = !file;
    line.textContent = file ? file.name : "";
  }

  function prepareDropZone(zone) {
    var input = zone.querySelector("input[type=file]");
    var over = "bod-drop-over";
    input.addEventListener("change", function () {
      showChosen(zone, input);
    });
    zone.addEventListener("dragover", function (event) {
      event.preventDefault();
      zone.classList.add(over);
    });
    zone.addEventListener("dragleave", function () {
      zone.classList.remove(over);
    });
    zone.addEventListener("drop", function (event) {
      event.preventDefault();
      zone.classList.remove(over);
      if (event.dataTransfer && event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        showChosen(zone, input);
        input.focus();
      }
    });
  }

  function ignoreSecondPress(form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.bodSent) {
        event.preventDefault();
        return;
      }
      form.dataset.bodSent = "1";
      var word = form.dataset.bodSending;
      var status = form.querySelector("[data-bod-status]");
      if (word && status) {
        status.textContent = word;
      }
    });
  }

  function preparePrint(button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      window.print();
    });
  }

  function openTarget() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    var fold = target && target.closest("details");
    if (fold) {
      fold.open = true;
    }
  }

  /* What a live block says of itself, once per change: it is replaced every two seconds. */
  var announced = {};

  function announce(block) {
    var text = block.getAttribute("data-bod-announce");
    var live = document.getElementById("bod-live");
    var known = announced[block.id];
    announced[block.id] = text;
    if (live && known !== undefined && known !== text) {
      live.textContent = text;
    }
  }

  function announceAll() {
    each(document, "[data-bod-announce]", announce);
  }

  function prepare(root) {
    each(root, "[data-bod-drop]", prepareDropZone);
    each(root, "form[data-bod-once]", ignoreSecondPress);
    each(root, "[data-bod-print]", preparePrint);
    each(root, "[data-bod-focus]", function (element) {
      element.focus();
    });
    each(root, "select[data-bod-submit]", function (select) {
      select.addEventListener("change", function () {
        select.form.submit();
      });
    });
  }

  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      each(document, "form[data-bod-once]", function (form) {
        delete form.dataset.bodSent;
      });
    }
  });
  window.addEventListener("hashchange", openTarget);
  document.addEventListener("DOMContentLoaded", function () {
    prepare(document);
    openTarget();
    announceAll();
    document.body.addEventListener("htmx:afterSwap", announceAll);
  });
})();
