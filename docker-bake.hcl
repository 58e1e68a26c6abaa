# docker buildx bake            builds the image for every platform
# docker buildx bake --push     and pushes it to $IMAGE
# docker buildx bake --print    shows what would be built
#
# The same source, VERSION and base image make the same digest, on any machine: files and image
# carry the time SOURCE_DATE_EPOCH, and there is no provenance, which would tell when it was built.

variable "IMAGE" {
  description = "What to call the image: registry/you/xx:tag."
  default     = "xx:dev"
}

variable "VERSION" {
  description = "What xx --version prints."
  default     = "dev"
}

variable "SOURCE_DATE_EPOCH" {
  description = "The time of everything in the image, in seconds since 1970; make sets it to that of the commit."
  default     = "0"
}

group "default" {
  targets = ["xx"]
}

target "xx" {
  context = "."
  tags    = [IMAGE]
  args = {
    VERSION           = VERSION
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
  platforms = [
    "linux/386",
    "linux/amd64",
    "linux/arm/v6",
    "linux/arm/v7",
    "linux/arm64",
    "linux/loong64",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
  ]
  output = ["type=image,rewrite-timestamp=true"]
  attest = ["type=provenance,disabled=true"]
}
