# docker build -t guide . && docker run --rm -v "$PWD:/packs" guide build my-pack
# guide.sh does the installing, as on any other machine; the tests of a fresh Debian run it.
FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y -qq --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY . /opt/guide
RUN /opt/guide/guide.sh --version
WORKDIR /packs
ENTRYPOINT ["/opt/guide/.venv/bin/guide"]
CMD ["--help"]
