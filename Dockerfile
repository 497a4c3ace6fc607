# Two images. `docker build --target data`: what looks at the data of pipelines, with pyarrow and clients of S3, Google and
# Azure. The default: the operator, which also checks code out into steps: the core alone, none of these.
FROM python:3.11-slim AS built
WORKDIR /src
RUN python -m venv --without-pip /kanaria
COPY pyproject.toml constraints.txt ./
# What it needs comes first: a change of the code does not fetch it again.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > needs.txt \
 && python -m pip --python /kanaria install --no-cache-dir -c constraints.txt -r needs.txt
COPY README.md LICENSE ./
COPY controller controller
RUN python -m pip --python /kanaria install --no-cache-dir --no-deps .

FROM built AS built-data
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']; \
    print(*(n for n in p['data'] + p['clouds'] if not n.startswith('kanaria')), sep='\n')" > needs-data.txt \
 && python -m pip --python /kanaria install --no-cache-dir -c constraints.txt -r needs-data.txt

FROM python:3.11-slim AS data
RUN python -m pip uninstall -y pip
COPY --from=built-data /kanaria /kanaria
ENV PATH=/kanaria/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 65532:65532
ENTRYPOINT ["kanaria", "data"]

FROM python:3.11-slim
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends git openssh-client ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && python -m pip uninstall -y pip
COPY --from=built /kanaria /kanaria
ENV PATH=/kanaria/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 65532:65532
ENTRYPOINT ["kanaria"]
CMD ["run"]
