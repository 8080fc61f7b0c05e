// What the page does itself: sending files, and saving those that the server has written.
(function () {
  const PARALLEL = 4;
  let requests = [];
  let cancelled = false;

  function newBatch() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function send(batch, file, onBytes) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const path = (file.webkitRelativePath || file.name).split("/").map(encodeURIComponent).join("/");
      requests.push(request);
      request.open("PUT", `uploads/${batch}/${path}`);
      request.upload.onprogress = (event) => onBytes(event.loaded);
      request.onload = () => {
        if (request.status < 300) return resolve();
        let message = `The server refused ${file.name} (${request.status}).`;
        try {
          message = JSON.parse(request.responseText).message || message;
        } catch (_error) {
          // Not the server's own words; the number has to do.
        }
        reject(new Error(message));
      };
      request.onerror = () => reject(new Error(`${file.name} could not be sent: the connection was lost. Try again.`));
      request.onabort = () => reject(new Error("cancelled"));
      request.send(file);
    });
  }

  async function sendAll(batch, files, onFraction) {
    const total = files.reduce((sum, file) => sum + file.size, 0) || 1;
    const sent = files.map(() => 0);
    let next = 0;
    let shown = 0;
    const tell = () => {
      // A change of the page's state costs a message to the server: not more than a hundred of them.
      const fraction = sent.reduce((sum, bytes) => sum + bytes, 0) / total;
      if (fraction - shown >= 0.01) onFraction((shown = Math.min(fraction, 1)));
    };
    const work = async () => {
      while (next < files.length && !cancelled) {
        const index = next++;
        await send(batch, files[index], (bytes) => ((sent[index] = bytes), tell()));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  }

  // Hidden files are the file system's own: .DS_Store and the like.
  const isVisible = (file) => !(file.webkitRelativePath || file.name).split("/").some((part) => part.startsWith("."));

  async function open(input, { trame, progress, finished, failed, mostMiB }) {
    const files = Array.from(input.files).filter(isVisible);
    input.value = "";
    if (!files.length) return;
    const MiB = files.reduce((sum, file) => sum + file.size, 0) / 2 ** 20;
    if (MiB > mostMiB) {
      const found = `${files.length === 1 ? files[0].name : `${files.length} files`} of ${MiB.toFixed(1)} MiB.`;
      const advice = "Choose the series that you want to look at; whoever runs the server can allow more.";
      trame.trigger(failed, [`${found} Expected at most ${mostMiB} MiB. ${advice}`]);
      return;
    }
    const batch = newBatch();
    requests = [];
    cancelled = false;
    trame.state.set(progress, 0);
    try {
      await sendAll(batch, files, (fraction) => trame.state.set(progress, fraction));
      trame.state.set(progress, -1);
      if (cancelled) throw new Error("cancelled");
      trame.trigger(finished, [batch]);
    } catch (error) {
      requests.forEach((request) => request.abort());
      trame.state.set(progress, -1);
      fetch(`uploads/${batch}`, { method: "DELETE" });
      if (!cancelled) trame.trigger(failed, [error.message]);
    }
  }

  function cancelUpload() {
    cancelled = true;
    requests.forEach((request) => request.abort());
  }

  function save(name) {
    const link = document.createElement("a");
    link.href = `exports/${encodeURIComponent(name)}`;
    link.download = name;
    document.body.appendChild(link);
    link.click();
    link.remove();
  }

  window.liverTumorSeg = { open, cancelUpload, save };
})();
